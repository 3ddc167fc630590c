"""How Sphinx builds the site; `make docs` runs it."""

import os
import sys
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))
# TensorFlow's messages about the processor are no part of a notebook.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

project = "normlayers"
author = "the normlayers authors"
project_copyright = author
version = release = installed("normlayers")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    # Of this folder; each writes pages before Sphinx reads any.
    "reference_pages",
    "command_pages",
    "claims_pages",
    "house_drawing",
]
exclude_patterns = ["_build", "README*"]

# Notebooks are MyST text. A cell that fails fails the build; what has not changed is not run again.
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "notebooks")
nb_execution_raise_on_error = True
nb_execution_timeout = 600  # a cell takes seconds; a machine may be busy
nb_execution_in_temp = True
nb_merge_streams = True
# TensorFlow's messages about the machine; a page is to read alike wherever it is built.
nb_output_stderr = "remove"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

# Docstrings are Google's style, with some sections of our own.
napoleon_numpy_docstring = False
napoleon_custom_sections = [
    ("Call arguments", "params_style"),
    ("Attributes", "params_style"),  # of which one line may describe several
    "Shapes",
]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
add_module_names = False

html_theme = "furo"
html_title = f"normlayers {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
# Summaries of what is found are fetched from the pages, which a browser refuses on file://.
html_show_search_summary = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1b5e9b", "color-brand-content": "#1b5e9b"},
    "dark_css_variables": {"color-brand-primary": "#7ab8f5", "color-brand-content": "#7ab8f5"},
}
