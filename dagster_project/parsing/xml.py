"""XML without surprises."""

from lxml import etree

from dagster_project.adapter import MAX_BYTES, SourceChanged, SourceUnavailable
from dagster_project.parsing.pages import opening, refuse_page, unexpected


def xml_root(content: bytes, expected: str, *, max_bytes: int = MAX_BYTES) -> etree._Element:
    """The root of an XML document: well-formed, without a document type, entities or anything fetched."""
    refuse_page(content, expected)
    if len(content) > max_bytes:
        raise SourceChanged(f"expected {expected} of at most {max_bytes:,} bytes, found {len(content):,}")
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise unexpected(content, f"expected {expected}")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise unexpected(content, f"the XML is cut short or damaged ({error})", SourceUnavailable) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SourceChanged(f"expected {expected} without a document type: found {opening(content)}")
    return root


def children(element: etree._Element) -> list[etree._Element]:
    """The elements inside `element`, where no text may stand: a damaged tag is text."""
    found = list(element)
    for text in (element.text, *(child.tail for child in found)):
        if text and str(text).strip():
            raise SourceChanged(f"expected only elements in <{element.tag}>: found the text “{str(text).strip()[:80]}”")
    return found


def attributes(element: etree._Element, tag: str, *names: str) -> tuple[str, ...]:
    """The values of exactly the attributes `names` of an element that must be a `tag`."""
    found = {str(name): str(value) for name, value in element.attrib.items()}
    if element.tag != tag or set(found) != set(names):
        raise SourceChanged(f"expected <{tag}> with {', '.join(names)}: found <{element.tag}> with {found}")
    return tuple(found[name] for name in names)
