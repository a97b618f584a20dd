"""Somebody's own files, and a way to see whether a single byte of them was touched."""

import os

FOREIGN = {
    "thesis.docx": b"years of work",
    "inputs/note.txt": b"a note",
    "inputs/photos/mum.jpg": b"a photo",
    "results/holiday.mp4": b"a film",
    "results/old/a.txt": b"an old text",
    "results/.hidden.part.mp4": b"somebody's half",
    "page/2020-01-01/0001-me.mp4": b"an old film",
}


def lay_out(root, files=FOREIGN):
    """Write foreign files that look old and have rights of their own; returns their paths."""
    written = []
    for number, (name, content) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod((0o640, 0o444, 0o755)[number % 3])
        os.utime(path, (1_000_000_000 + number, 1_100_000_000 + number))
        written.append(path)
    return written


def snapshot(root):
    """Content, rights and time of everything below a folder, the folder itself included."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        facts = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        link = path.readlink() if path.is_symlink() else None
        name = str(path.relative_to(root))
        found[name] = (content, link, facts.st_mode, facts.st_mtime_ns)
    return found


def snapshot_of(paths):
    """The same of single files."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in paths
    }
