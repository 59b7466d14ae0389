"""Debian's Chromium without a window, for tests of what a person is shown. It opens files of ours and nothing else."""

from pathlib import Path

from tools import debian
from tools.golang import link
from tools.paths import TOOLS
from tools.process import ToolError

PROGRAM = TOOLS / "browser" / "chromium"
_FONTS = "fonts.conf"
_PACKAGES = (
    "chromium-headless-shell",
    "chromium-common",
    "fonts-dejavu-core",
    # What it is linked to, and what these are linked to.
    *("libasound2", "libasyncns0", "libatk1.0-0", "libatspi2.0-0", "libblkid1", "libbrotli1", "libbsd0", "libcap2"),
    *("libdav1d6", "libdbus-1-3", "libdouble-conversion3", "libdrm2", "libexpat1", "libffi8", "libflac12"),
    *("libfontconfig1", "libfreetype6", "libgbm1", "libgcc-s1", "libgcrypt20", "libglib2.0-0", "libgpg-error0"),
    *("libgraphite2-3", "libharfbuzz-subset0", "libharfbuzz0b", "libjpeg62-turbo", "liblcms2-2", "liblz4-1"),
    *("liblzma5", "libmd0", "libminizip1", "libmount1", "libmp3lame0", "libmpg123-0", "libnspr4", "libnss3"),
    *("libogg0", "libopenh264-7", "libopenjp2-7", "libopus0", "libpcre2-8-0", "libpng16-16", "libpulse0"),
    *("libselinux1", "libsndfile1", "libstdc++6", "libsystemd0", "libudev1", "libvorbis0a", "libvorbisenc2"),
    *("libwayland-server0", "libx11-6", "libx11-xcb1", "libxau6", "libxcb1", "libxcomposite1", "libxdamage1"),
    *("libxdmcp6", "libxext6", "libxfixes3", "libxi6", "libxkbcommon0", "libxnvctrl0", "libxrandr2"),
    *("libxrender1", "libzstd1", "zlib1g"),
)


def ensure(log: Path) -> str:
    """Fetches it, unless it is there. A host whose release has other packages, as Ubuntu, goes without: the tests that
    want it are skipped then, and this says so."""
    try:
        folder = debian.prefix("browser", _PACKAGES, log, finish=_fonts)
    except ToolError as error:
        if "in none of apt's sources" not in str(error):
            raise
        return "none: its packages are Debian 12's"
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    link(PROGRAM, folder / "usr/lib/chromium/chromium-headless-shell")
    return folder.name


def environment(home: Path) -> dict[str, str]:
    """Its libraries and its fonts, which are beside it, and a folder for what it wants to keep."""
    root = PROGRAM.resolve().parents[3]
    (libraries,) = root.glob("usr/lib/*-linux-gnu")
    return {
        "LD_LIBRARY_PATH": f"{libraries}:{libraries / 'pulseaudio'}",
        "FONTCONFIG_FILE": str(root / _FONTS),
        "XDG_CACHE_HOME": str(home / "cache"),
        "HOME": str(home),
    }


def _fonts(folder: Path, _log: Path) -> None:
    """The host's fonts would make pages look otherwise on each machine."""
    dirs = '<dir prefix="relative">usr/share/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir>'
    (folder / _FONTS).write_text(f"<?xml version='1.0'?>\n<fontconfig>{dirs}</fontconfig>\n")
