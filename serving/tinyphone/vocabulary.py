"""The tiny model's tokens: bytes, the words of its tasks, the numbers 0-999, and the pieces of its answers."""

import json
from functools import cache
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from autoglm_serving.model.tiny_text import EOS_TOKENS, SPECIAL_TOKENS
from tinyphone.screens import COLORS, KINDS

NUMBERS = 1000

CHINESE = {
    "red": "红色", "orange": "橙色", "yellow": "黄色", "green": "绿色",
    "blue": "蓝色", "purple": "紫色", "pink": "粉色",
    "button": "按钮", "circle": "圆圈", "row": "列表项",
    "up": "上", "down": "下", "left": "左", "right": "右",
}  # fmt: skip

DIRECTIONS = {
    "up": ((500, 750), (500, 250)),
    "down": ((500, 250), (500, 750)),
    "left": ((800, 500), (200, 500)),
    "right": ((200, 500), (800, 500)),
}
"""Where the finger starts and ends, in thousandths of the screen."""

APPS = ("Settings", "Camera", "Music", "Maps", "Mail", "Photos", "Clock", "Chrome", "微信", "淘宝", "美团", "设置")

TYPED = (
    "hello", "world", "coffee", "pizza", "taxi", "hotel", "train", "music", "weather", "news", "good", "morning",
    "night", "milk", "tea", "book", "cat", "dog", "sun", "rain", "paris", "london", "beijing", "tokyo", "monday",
    "friday", "thanks", "yes", "no", "love", "happy", "birthday", "meeting", "lunch", "dinner", "near", "me", "cheap",
    "flight", "ticket", "shoes", "phone", "game", "movie", "song", "map", "bank", "park", "school", "home",
    "你好", "天气", "咖啡", "音乐", "火车", "酒店",
)  # fmt: skip

TASK_WORDS = (
    "tap", "Tap", "click", "Click", "press", "Press", "on", "the", "please", "Please", "type", "Type", "enter", "Enter",
    "in", "into", "field", "text", "swipe", "Swipe", "scroll", "Scroll", "go", "Go", "back", "Back", "screen", "open",
    "Open", "app", "to", "Home", "Launch", "none", "item", "list", "colored", "one", "page", "previous",
    "点击", "点一下", "请", "输入", "滑动", "向", "返回", "上一页", "打开", "回到", "桌面", "主屏幕", "那个", "的",
)  # fmt: skip

TAP = '.</think><answer>do(action="Tap", element=['
TYPE = '<think>I type the text.</think><answer>do(action="Type", text="'
SWIPE = '.</think><answer>do(action="Swipe", start=['
LAUNCH = '<think>I open the app.</think><answer>do(action="Launch", app="'
FINISH = '<think>The task is done.</think><answer>finish(message="'
PIECES = (
    I_TAP := "<think>I tap the ",
    I_SWIPE := "<think>I swipe ",
    TAP,
    SWIPE,
    SWIPE_END := "], end=[",
    CLOSE := "])</answer>",
    TYPE,
    LAUNCH,
    CLOSE_TEXT := '")</answer>',
    BACK := '<think>I go back.</think><answer>do(action="Back")</answer>',
    HOME := '<think>I go to the home screen.</think><answer>do(action="Home")</answer>',
    FINISH,
    DONE := "Done.",
)
"""What answers are made of, beside words and numbers. As whole tokens they keep answers short."""


@cache
def tokenizer() -> Tokenizer:
    """Known words are tokens; everything else is bytes, so any text can be said."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={char: number for number, char in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    made.add_tokens([AddedToken(piece, normalized=False) for piece in PIECES])
    words = dict.fromkeys((*TASK_WORDS, *COLORS, *KINDS, *CHINESE, *CHINESE.values(), *APPS, *TYPED))
    # Found inside of longer words too: so a text has the same tokens in a task, whatever is beside it, and an answer.
    made.add_tokens([AddedToken(word, normalized=False) for word in words])
    made.add_tokens([AddedToken(str(number), normalized=False) for number in range(NUMBERS) if number > 9])
    return made


def encode(text: str) -> list[int]:
    ids: list[int] = tokenizer().encode(text, add_special_tokens=False).ids
    return ids


@cache
def number_ids() -> tuple[int, ...]:
    """The token of each number 0-999; those of one digit are bytes."""
    return tuple(encode(str(number))[0] for number in range(NUMBERS))


def write(folder: Path, max_length: int) -> None:
    tokenizer().save(str(folder / "tokenizer.json"))
    content = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": EOS_TOKENS[0],
        "pad_token": EOS_TOKENS[0],
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_length,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(content, indent=2) + "\n")
