#!/usr/bin/env python3
"""Writes gqimg's manual pages from what the program says of itself: manual.py PROGRAM FOLDER."""

import json
import subprocess
import sys
from pathlib import Path

EXIT_STATUS = (
    ("0", "Everything was done."),
    ("1", "A file cannot be read or written, or is damaged; standard error has a line for each. Others were done."),
    ("2", "Everything was written, but with --recover something damaged was concealed."),
    ("3", "Memory did not suffice, and nothing else was wrong. Nothing partial was written."),
    ("64", "The command line makes no sense."),
)
EXAMPLES = {
    "gqimg": (
        ("About 0.9 bits per pixel:", "gqimg compress photo.png photo.gqz"),
        ("Back to a picture:", "gqimg decompress photo.gqz photo.png"),
    ),
    "compress": (
        ("Never above 20,000 bytes:", "gqimg compress photo.jpg photo.gqz --size 20k"),
        ("A folder, file by file, into another:", "gqimg compress pictures --output small --bpp 0.25"),
        ("Through a pipe:", "djpeg photo.jpg | gqimg compress - - > photo.gqz"),
    ),
    "decompress": (
        ("As JPEG, with what was transparent on white:", "gqimg decompress in.gqz out.jpg --background white"),
        ("A preview:", "gqimg decompress in.gqz preview.png --fit 256"),
    ),
    "verify": (("All files of a folder:", "gqimg verify small/*.gqz"),),
}
FILES = (
    ("share/gqimg/gqimg.safetensors", "The model, beside the folder of the program. --model takes another."),
    ("share/gqimg/gqimg.magic", "Tells file(1) what .gqz files are: file -m."),
)


def plain(text):
    """Text that roff leaves alone."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.splitlines())


def output(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def usage(program, name):
    """The lines behind USAGE: in the help."""
    text = output(program, "--help") if name == "gqimg" else output(program, "help", name)
    part = text.split("USAGE:")[1].split("\n\n")[0]
    return [line.strip() for line in part.splitlines() if line.strip()]


def option(argument):
    """The heading and the text of an argument."""
    value = f"<{argument['valueName']}>"
    if argument["kind"] == "positional":
        heading = f"\\fI{plain(argument['valueName'])}\\fR" + (" ..." if argument["isRepeating"] else "")
    else:
        names = sorted(argument["names"], key=lambda name: name["kind"] != "short")
        heading = ", ".join(
            f"\\fB{plain(('--' if name['kind'] == 'long' else '-') + name['name'])}\\fR" for name in names
        )
        if argument["kind"] == "option":
            heading += f" \\fI{plain(value)}\\fR"
    text = argument.get("abstract", "")
    if argument.get("defaultValue") and argument["kind"] == "option":
        text += f" Default: {argument['defaultValue']}."
    return heading, text


def is_shown(command):
    return command["commandName"] != "help" and command.get("shouldDisplay", True)


def page(program, command, version, others):
    name = command["commandName"]
    title = "gqimg" if name == "gqimg" else f"gqimg-{name}"
    out = [f'.TH "{title.upper()}" 1 "" "{plain(version)}" "gqimg"']
    abstract = command["abstract"].rstrip(".")
    out += [".SH NAME", f"{plain(title)} \\- {plain(abstract[0].lower() + abstract[1:])}"]
    out += [".SH SYNOPSIS", ".nf", *(plain(line) for line in usage(program, name)), ".fi"]
    if command.get("discussion"):
        out += [".SH DESCRIPTION", plain(command["discussion"])]
    shown = [other for other in command.get("subcommands", []) if is_shown(other)]
    if shown:
        out.append(".SH COMMANDS")
        for other in shown:
            out += [".TP", f"\\fB{plain(other['commandName'])}\\fR", plain(other["abstract"])]
    arguments = [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]
    sections = {}
    for argument in arguments:
        heading = "ARGUMENTS" if argument["kind"] == "positional" else argument.get("sectionTitle", "Options")
        sections.setdefault(heading.upper(), []).append(option(argument))
    for heading, entries in sections.items():
        out.append(f".SH {heading}")
        for entry, text in entries:
            out += [".TP", entry, plain(text)]
    out.append(".SH EXIT STATUS")
    for code, text in EXIT_STATUS:
        out += [".TP", f"\\fB{code}\\fR", plain(text)]
    if name == "gqimg":
        out.append(".SH FILES")
        for path, text in FILES:
            out += [".TP", f"\\fI{plain(path)}\\fR", plain(text)]
    if name in EXAMPLES:
        out.append(".SH EXAMPLES")
        for number, (text, line) in enumerate(EXAMPLES[name]):
            out += ([".PP"] if number else []) + [plain(text), ".PP", ".RS", ".nf", plain(line), ".fi", ".RE"]
    also = [other for other in others if other != title]
    out += [".SH SEE ALSO", ", ".join(f"\\fB{plain(other)}\\fR(1)" for other in also)]
    return title, "\n".join(out) + "\n"


def main():
    program, folder = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    root = json.loads(output(program, "--experimental-dump-help"))["command"]
    version = " ".join(output(program, "--version").split(",")[0].split())
    commands = [root] + [c for c in root["subcommands"] if is_shown(c)]
    titles = [f"gqimg-{c['commandName']}" if c is not root else "gqimg" for c in commands]
    for command in commands:
        title, text = page(program, command, version, titles)
        (folder / f"{title}.1").write_text(text)


if __name__ == "__main__":
    main()
