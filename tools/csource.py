# SPDX-License-Identifier: GPL-2.0
"""What the gates share: which files there are, and comments apart from code."""
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# A comment, or a literal that may look like one
PIECES = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(*suffixes):
    """Files of the tree with one of the suffixes, by path from the top; without git all but the build folders."""
    git = subprocess.run(['git', '-C', TOP, 'ls-files', '-co', '--exclude-standard'], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, check=False)
    names = git.stdout.split('\n')
    if git.returncode != 0:
        paths = [os.path.relpath(os.path.join(folder, name), TOP) for folder, _, found in os.walk(TOP) for name in found]
        names = [path for path in paths if not path.startswith(('build', '.git'))]
    return sorted(name for name in set(names) if name.endswith(suffixes) and os.path.isfile(os.path.join(TOP, name)))


def kernel_files(*suffixes):
    """Those that are part of a kernel module."""
    return [name for name in files(*suffixes) if not name.startswith(('selftests/', 'examples/'))]


def read(name):
    with open(os.path.join(TOP, name), encoding='utf-8') as file:
        return file.read()


def blank(text):
    """Spaces in place of text, so that line numbers stay."""
    return re.sub(r'[^\n]', ' ', text)


def code(text):
    """C without its comments; literals stay."""
    return PIECES.sub(lambda piece: piece[0] if piece[0][0] in '"\'' else blank(piece[0]), text)


def comments(text):
    """The comments of C alone."""
    at, kept = 0, []
    for piece in PIECES.finditer(text):
        kept += [blank(text[at:piece.start()]), piece[0] if piece[0][0] == '/' else blank(piece[0])]
        at = piece.end()
    return ''.join(kept) + blank(text[at:])


def lines(text):
    """Numbered lines."""
    return enumerate(text.split('\n'), 1)


def kernel_headers():
    """The folder of kernel headers, and that of Debian's common ones, if they are two."""
    kdir = subprocess.run([os.path.join(TOP, 'tools/kdir.sh'), '--again'], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()
    folders = [kdir]
    with open(os.path.join(kdir, 'Makefile'), encoding='utf-8') as makefile:
        common = re.search(r'^include (/.*)/Makefile$', makefile.read(), re.M)
    if common:
        folders.append(common[1])
    return folders


def verdict(gate, faults, checked):
    """Prints the faults, or the one line that says that there are none. Returns the exit status."""
    for fault in faults:
        print(fault)
    print(f'{gate}: {checked}, {len(faults) or "no"} fault{"" if len(faults) == 1 else "s"}')
    return 1 if faults else 0
