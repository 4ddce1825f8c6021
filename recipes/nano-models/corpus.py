"""Reads a corpus folder: gzip files whose split stands in the table of SOURCES.md."""

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

ROW = re.compile(r"^\| ((prose|code)/\S+\.gz) \| (train|valid|test) \|", re.MULTILINE)


@dataclass
class Document:
    name: str
    kind: str
    text: str


def read_corpus(folder: Path, split: str) -> Iterator[Document]:
    for match in ROW.finditer((folder / "SOURCES.md").read_text()):
        file, kind, its_split = match.groups()
        if its_split == split:
            yield Document(file, kind, gzip.decompress((folder / file).read_bytes()).decode())
