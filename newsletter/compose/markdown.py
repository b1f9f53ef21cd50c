"""Stage 3: what organisers write, as html and as plain text.

In: CommonMark, with `[[ … ]]` and `[% … %]`. Out: clean html fragments, or lines of plain text.
Raw html is shown, never obeyed; placeholders pass byte for byte, in text and as the destination of a link.
Both forms come from one parse, so they cannot tell different stories.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup

from newsletter.compose.placeholders import PLACEHOLDER, protect, restore
from newsletter.compose.wording import WIDTH, fill, underline

_PARSER: Final = MarkdownIt("commonmark", {"html": False})
#: Where a link in a mail may lead.
SCHEMES: Final = ("https", "http", "mailto")
_HEADINGS: Final = ("h2", "h3", "h4", "h5", "h6")
_CLASSES: Final = {
    "h2": "heading ink",
    "ul": "list ink",
    "ol": "list ink",
    "li": "item ink",
    "a": "link",
    "blockquote": "quote accent-line",
    "hr": "rule line",
    "code": "code ink tint",
}
_LATER_HEADING: Final = "next-heading ink"  #: with white space above it, which the first one has from its row
_TAGS: Final = {*_HEADINGS, *_CLASSES, "p", "strong", "em", "pre", "br"}
_ATTRIBUTES: Final = {tag: {"class"} for tag in _TAGS} | {"a": {"href", "class"}, "ol": {"start", "class"}}
#: Stands for a line's end inside a placeholder while lines are made; a noncharacter, so no text has it.
_NEWLINE: Final = "\ufdd0"
_NARROWEST: Final = 24  #: characters; deeper lists and quotes get no narrower than this


def to_html(markdown: str, *, top: int = 2, paragraph: str = "text ink") -> Markup:
    """A fragment of html: headings from level `top` on without a gap, paragraphs of class `paragraph`."""
    protected, kept = protect(markdown)
    tokens = _parse(protected, kept)
    _demote(tokens, top)
    _dress(tokens, paragraph)
    for opening, closing in _tag_paragraphs(tokens, kept):
        opening.hidden = closing.hidden = True
    rendered = _PARSER.renderer.render(tokens, _PARSER.options, {})
    clean = nh3.clean(rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=set(SCHEMES), link_rel=None)
    return Markup(restore(clean, kept).strip())  # noqa: S704 - nh3 cleaned it


def to_text(markdown: str, width: int = WIDTH) -> str:
    """Plain text: headings underlined, links written out on lines of their own, no signs for emphasis."""
    protected, kept = protect(markdown)
    tree = SyntaxTreeNode(_parse(protected, kept))
    return _Plain(kept).blocks(tree.children, width).replace(_NEWLINE, "\n")


def to_line_html(markdown: str) -> Markup:
    """One line with emphasis and links, without a paragraph around it."""
    protected, kept = protect(markdown)
    tokens = _PARSER.parseInline(protected)
    for token in tokens:
        token.children = list(_safe_links(token.children or [], kept))
    _dress(tokens, "")
    rendered = _PARSER.renderer.render(tokens, _PARSER.options, {})
    clean = nh3.clean(rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=set(SCHEMES), link_rel=None)
    return Markup(restore(clean, kept).strip())  # noqa: S704 - nh3 cleaned it


def to_line(markdown: str) -> str:
    """The same as plain text, for a template to break into lines; each URL follows its words in brackets."""
    protected, kept = protect(markdown)
    tokens = _PARSER.parseInline(protected)
    for token in tokens:
        token.children = list(_safe_links(token.children or [], kept))
    text, links = _Plain(kept).line(SyntaxTreeNode(tokens))
    return " ".join([text, *(f"({url})" for _, url in links)]).replace(_NEWLINE, "\n")


def split_lead(markdown: str) -> tuple[str, str]:
    """The first paragraph and the rest, both Markdown; the lead is empty where something else comes first."""
    protected, kept = protect(markdown.replace("\r\n", "\n").replace("\r", "\n"))
    env: dict[str, dict[str, dict[str, list[int]]]] = {}
    tokens = _PARSER.parse(protected, env)
    tags = [opening for opening, _ in _tag_paragraphs(tokens, kept)]
    if not tokens or tokens[0].type != "paragraph_open" or tokens[0] in tags or tokens[0].map is None:
        return "", markdown.strip()
    lines = protected.split("\n")
    start, end = tokens[0].map
    # A link may be defined far from where it is used: both halves need all definitions.
    definitions = "".join(
        "\n\n" + "\n".join(lines[slice(*reference["map"])]) for reference in env.get("references", {}).values()
    )
    lead, rest = "\n".join(lines[start:end]), "\n".join(lines[end:])
    if not _PARSER.parse(rest):
        return restore((lead + definitions).strip(), kept), ""
    return restore((lead + definitions).strip(), kept), restore((rest + definitions).strip(), kept)


def _parse(protected: str, kept: Mapping[str, str]) -> list[Token]:
    tokens = _PARSER.parse(protected)
    for token in tokens:
        if token.type == "inline":
            token.children = list(_safe_links(token.children or [], kept))
    return tokens


def _safe_links(children: Sequence[Token], kept: Mapping[str, str]) -> Iterator[Token]:
    """Links that lead somewhere from a mail; an image becomes a link to it, named by its description."""
    refused: list[bool] = []
    for token in children:
        if token.type == "link_open":
            refused.append(not _is_allowed(str(token.attrGet("href")), kept))
            if refused[-1]:
                continue
        elif token.type == "link_close" and refused.pop():
            continue
        if token.type == "image":
            yield from _image(token, kept, inside_link=bool(refused))
        else:
            yield token


def _image(token: Token, kept: Mapping[str, str], *, inside_link: bool) -> Iterator[Token]:
    source = str(token.attrGet("src"))
    alternative = "".join(child.content for child in token.children or [])
    text = Token("text", "", 0, content=alternative or source)
    if inside_link or not _is_allowed(source, kept):
        yield text
        return
    yield Token("link_open", "a", 1, attrs={"href": source})
    yield text
    yield Token("link_close", "a", -1)


def _is_allowed(href: str, kept: Mapping[str, str]) -> bool:
    return href.lower().startswith(tuple(f"{scheme}:" for scheme in SCHEMES)) or href.startswith(tuple(kept))


def _demote(tokens: Sequence[Token], top: int) -> None:
    """One h1 to a letter, and no level skipped (WCAG 1.3.1): the author's levels become steps from `top` down."""
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    last = top - 1
    for token in tokens:
        if token.type == "heading_open":
            last = min(int(token.tag[1]) - min(levels) + top, last + 1, 6)
            token.tag = f"h{last}"
        elif token.type == "heading_close":
            token.tag = f"h{last}"


def _dress(tokens: Sequence[Token], paragraph: str) -> None:
    """Give each element its class; in a quote, a paragraph that opens with a dash is who said it."""
    quotes = 0
    for at, token in enumerate(tokens):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "paragraph_open":
            token.attrSet("class", _quoted(tokens[at + 1]) if quotes else paragraph)
        elif token.nesting >= 0 and token.tag in _HEADINGS:
            later = _LATER_HEADING if at else _CLASSES["h2"]
            token.attrSet("class", later if token.tag == "h2" else "subheading ink")
        elif token.nesting >= 0 and token.tag in _CLASSES:
            token.attrSet("class", _CLASSES[token.tag])
        for child in token.children or []:
            if child.type == "link_open":
                child.attrSet("class", _CLASSES["a"])


def _quoted(inline: Token) -> str:
    return "quote-name muted" if inline.content.startswith(("— ", "– ")) else "quote-text ink"


def _tag_paragraphs(tokens: Sequence[Token], kept: Mapping[str, str]) -> Iterator[tuple[Token, Token]]:
    """Paragraphs of nothing but `[% … %]`: they steer what stands around them and are no text themselves."""
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "paragraph_open" and _is_tag(restore(inline.content, dict(kept))):
            yield opening, closing


def _is_tag(text: str) -> bool:
    return bool(text) and not PLACEHOLDER.sub("", text).strip() and "[[" not in text


class _Plain:
    """The plain-text rendering of one document."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self._kept = {sentinel: whole.replace("\n", _NEWLINE) for sentinel, whole in kept.items()}

    def blocks(self, nodes: Sequence[SyntaxTreeNode], width: int, gap: str = "\n\n") -> str:
        text, glue = "", ""
        for node in nodes:
            block = self._block(node, max(width, _NARROWEST))
            text += glue + block
            # A tag alone stands against what follows, or else an empty line would stay where it was.
            glue = "" if node.type == "paragraph" and _is_tag(block) else gap
        return text

    def _block(self, node: SyntaxTreeNode, width: int) -> str:
        match node.type:
            case "heading":
                return underline(" ".join(self._inline(node)[0].split("\n")), "-")
            case "bullet_list" | "ordered_list":
                return self._list(node, width)
            case "blockquote":
                return _prefixed(self.blocks(node.children, width - 2), "> ", "> ")
            case "fence" | "code_block":
                return _prefixed(restore(node.content, self._kept).rstrip("\n"), "    ", "    ")
            case "hr":
                return "-" * _NARROWEST
            case _:
                return self._paragraph(node, width)

    def _list(self, node: SyntaxTreeNode, width: int) -> str:
        first = int(node.attrs.get("start", 1))
        items: list[str] = []
        tight = all(child.hidden for item in node.children for child in item.children if child.type == "paragraph")
        for number, item in enumerate(node.children, first):
            mark = f"{number}. " if node.type == "ordered_list" else "- "
            inner = self.blocks(item.children, width - len(mark), "\n" if tight else "\n\n")
            items.append(_prefixed(inner, mark, " " * len(mark)))
        return ("\n" if tight else "\n\n").join(items)

    def _paragraph(self, node: SyntaxTreeNode, width: int) -> str:
        text, links = self._inline(node)
        written = [f"{fill(f'{label}:', width)}\n{url}" for label, url in links]
        if [text.rstrip(":")] != [label for label, _ in links]:
            written.insert(0, "\n".join(fill(line, width) for line in text.split("\n")))
        return ("\n" if node.hidden else "\n\n").join(written)

    def line(self, root: SyntaxTreeNode) -> tuple[str, list[tuple[str, str]]]:
        """What a tree of inline elements says, and its links as (text, URL)."""
        return self._inline(root)

    def _inline(self, node: SyntaxTreeNode) -> tuple[str, list[tuple[str, str]]]:
        """The text, and its links as (text, URL)."""
        links: list[tuple[str, str]] = []
        text = "".join(self._pieces(node, links))
        return text.strip(), links

    def _pieces(self, node: SyntaxTreeNode, links: list[tuple[str, str]]) -> Iterator[str]:
        for child in node.children:
            match child.type:
                case "softbreak":
                    yield " "
                case "hardbreak":
                    yield "\n"
                case "link":
                    yield self._link(child, links)
                case "text" | "code_inline":
                    yield restore(child.content, self._kept)
                case _:
                    yield from self._pieces(child, links)

    def _link(self, node: SyntaxTreeNode, links: list[tuple[str, str]]) -> str:
        text = " ".join("".join(self._pieces(node, links)).split())
        href = restore(str(node.attrs["href"]), self._kept)
        if href.lower().startswith("mailto:"):
            address = unquote(href[7:].partition("?")[0])
            return text if address in text else f"{text} ({address})"
        if text and text != href:
            link = (text.rstrip(":"), href)
            links.extend([] if link in links else [link])
            return text
        return href


def _prefixed(text: str, first: str, rest: str) -> str:
    lines = [f"{rest if at else first}{line}".rstrip() for at, line in enumerate(text.split("\n"))]
    return "\n".join(lines)
