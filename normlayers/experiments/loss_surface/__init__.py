"""Articles A3 and A4: the loss over two weights, before and after scaling."""
