"""A Sphinx extension: a public name in `backticks` is a link to its page.

In docstrings single backticks are reStructuredText's default role, in Markdown they are code. In
both, what is the name of something public becomes a link, and everything else stays code. So pages
and docstrings need no role, and read well where they are not built.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from public_names import PACKAGE, public_names
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

TARGETS = {alias: name.path for name in public_names() for alias in name.aliases}


def name_role(
    role: str, rawtext: str, text: str, lineno: int, inliner: Any, *args: Any
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """The default role of docstrings."""
    plain = nodes.unescape(text)
    return [linked(plain) or nodes.literal(rawtext, plain)], []


def linked(text: str) -> nodes.Node | None:
    """A reference to what a text names, None if it names nothing public."""
    target = TARGETS.get(text.removesuffix("()"))
    if target is None:
        return None
    reference = addnodes.pending_xref(
        "", refdomain="py", reftype="obj", reftarget=target, refexplicit=True, refwarn=True
    )
    reference += nodes.literal(text, text)
    return reference


class LinkInlineCode(SphinxTransform):
    """Inline code of Markdown pages that is a public name, outside headings and links."""

    default_priority = 500

    def apply(self, **kwargs: Any) -> None:
        for literal in list(self.document.findall(nodes.literal)):
            inside = (nodes.title, nodes.reference, addnodes.pending_xref)
            if any(isinstance(parent, inside) for parent in _parents(literal)):
                continue
            if literal.get("classes") in ([], ["code"]) and (link := linked(literal.astext())):
                literal.replace_self(link)


def resolve_alias(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, contnode: nodes.Element
) -> nodes.reference | None:
    """A reference under another of a thing's paths, such as numpydoc's "See Also" makes."""
    target = TARGETS.get(node.get("reftarget", ""))
    if node.get("refdomain") != "py" or target is None:
        return None
    domain = env.domains.python_domain
    found = domain.resolve_any_xref(env, node["refdoc"], app.builder, target, node, contnode)
    return found[0][1] if found else None


def skip_foreign(
    app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out members that a base outside the package has brought, such as torch's."""
    function = getattr(thing, "fget", None) or getattr(thing, "func", None) or thing
    module = getattr(getattr(function, "__objclass__", function), "__module__", None)
    if what == "class" and module is not None and not module.startswith(PACKAGE):
        return True
    return None


def _parents(node: nodes.Node) -> list[nodes.Node]:
    found = []
    while (node := node.parent) is not None:
        found.append(node)
    return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_role("name", name_role)
    app.add_transform(LinkInlineCode)
    app.connect("missing-reference", resolve_alias)
    app.connect("autodoc-skip-member", skip_foreign)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
