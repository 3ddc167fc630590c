"""Articles A1 and A3: batch normalization in networks of 2 to 20 layers."""
