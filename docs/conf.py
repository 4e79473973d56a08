"""Sphinx: what the site is made of. `make docs` builds it."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
REPOSITORY = DOCS.parent
sys.path.insert(0, str(DOCS / "building"))

import matplotlib
from reference_pages import write_reference
from root_pages import relink, write_root_pages
from sphinx.application import Sphinx

import sklearn_ple

matplotlib.use("Agg")

project = "sklearn_ple"
author = "The sklearn_ple developers"
project_copyright = f"2026, {author}"
version = release = sklearn_ple.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "name_links",
]
exclude_patterns = ["building"]
default_role = "name"
nitpicky = True
smartquotes = False  # they would bend the quotes of types such as {"a", "b"}
nitpick_ignore = [("py:class", name) for name in ("Module", "sklearn.utils.Bunch")]

# Pages, in Markdown.
myst_heading_anchors = 3

# Docstrings.
autosummary_generate = True
templates_path = ["building/templates"]
autodoc_typehints = "none"  # docstrings say what may be given, in words
maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# The gallery.
sphinx_gallery_conf = {
    "examples_dirs": str(REPOSITORY / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"(^|/)(?!plot_)[^/]*\.py$",
    "within_subsection_order": "gallery_order.place",
    "doc_module": ("sklearn_ple",),
    "reference_url": {"sklearn_ple": None},
    "backreferences_dir": "gallery/backreferences",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,
}
suppress_warnings = ["config.cache"]  # the gallery's settings hold functions

# The look.
html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_title = f"sklearn_ple {release}"
html_static_path = ["building/static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "sklearn_ple"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}

write_reference(DOCS / "reference")
write_root_pages(REPOSITORY, DOCS)


def _relink(app: Sphinx, docname: str, content: list[str]) -> None:
    if app.env.doc2path(docname).suffix == ".md" and not docname.startswith("project/"):
        content[0] = relink(content[0], docname)


def setup(app: Sphinx) -> None:
    """Mend links to the files of the repository's root."""
    app.connect("source-read", _relink)
