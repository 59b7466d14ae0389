"""The simulated phone, the reading of answers, and what the chat template makes of the real client's request."""

import io
import json

import pytest
from PIL import Image
from transformers import PreTrainedTokenizerFast

from tinyphone import agent, answers, batches, chat_template, screens, vocabulary
from tinyphone.answers import Action, AnswerError
from tinyphone.phone import Phone
from tinyphone.screens import FIELD, KEYBOARD, Element, Screen

RED = Element("button", "red", (100, 400, 600, 600), "OK")
BLUE = Element("circle", "blue", (700, 1900, 900, 2100), "S")
TEXT = Element(FIELD, "", (100, 1700, 900, 1880), "Search")
SCREEN = Screen((255, 255, 255), (RED, BLUE, TEXT))


def tap(element: Element) -> Action:
    return Action("Tap", {"element": list(element.center)})


def test_a_tap_lands_on_what_is_there_and_opens_a_page_without_it():
    phone = Phone(SCREEN)
    phone.do(tap(BLUE))
    assert phone.tapped == [BLUE]
    assert phone.screen.find("circle", "blue") is None
    phone.do(Action("Back"))
    assert phone.screen == SCREEN
    phone.do(Action("Tap", {"element": [990, 990]}))
    assert (phone.tapped, phone.screen) == ([BLUE], SCREEN)


def test_text_goes_into_the_field_once_it_was_tapped():
    phone = Phone(SCREEN)
    phone.do(Action("Type", {"text": "hello"}))
    assert phone.typed == ""
    phone.do(tap(TEXT))
    field = phone.screen.find(FIELD)
    assert phone.screen.find(KEYBOARD) is not None
    assert field is not None and field.box[3] < screens.KEYBOARD_TOP, "the field moves above the keyboard"
    phone.do(Action("Type", {"text": "hello"}))
    shown = phone.screen.find(FIELD)
    assert phone.typed == "hello" and shown is not None and shown.text == "hello"


def test_swipe_launch_and_home():
    phone = Phone(SCREEN)
    phone.do(Action("Swipe", {"start": [500, 750], "end": [500, 250]}))
    assert phone.swiped == [((500, 750), (500, 250))]
    phone.do(Action("Launch", {"app": "Maps"}))
    assert phone.app == "Maps" and phone.screen != SCREEN
    phone.do(Action("Home"))
    assert phone.app == "System Home" and phone.screen == SCREEN
    phone.do(Action("Note", {"message": "True"}))
    assert phone.screen == SCREEN


def test_a_screenshot_is_a_png_of_a_phones_size():
    image = Image.open(io.BytesIO(Phone(SCREEN).screenshot()))
    assert (image.format, image.size) == ("PNG", (1080, 2400))


@pytest.mark.parametrize(
    ("said", "thinking", "action"),
    [
        ('<think>I tap.</think><answer>do(action="Tap", element=[1,999])</answer>', "I tap.",
         Action("Tap", {"element": [1, 999]})),
        ('do(action="Type", text="say \\"hi\\", (now)")', "", Action("Type", {"text": 'say \\"hi\\", (now)'})),
        ('I am done. finish(message="Done.")', "I am done.", Action("", {"message": "Done."})),
        ('<think>x</think>do(action="Back")</answer>', "x", Action("Back")),
    ],
)  # fmt: skip
def test_answers_are_read_as_the_client_reads_them(said: str, thinking: str, action: Action):
    thought, code = answers.split(said)
    assert (thought, answers.parse(code)) == (thinking, action)


@pytest.mark.parametrize("said", ["", "hello", 'do(action="Tap", element=[1,', "do(1)", "rm(action='Tap')", "do(x=a)"])
def test_what_is_no_action_is_an_error(said: str):
    with pytest.raises(AnswerError):
        answers.parse(answers.split(said)[1])


def rendered(messages: list[dict[str, object]]) -> str:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=vocabulary.tokenizer())
    text = tokenizer.apply_chat_template(
        messages, chat_template=chat_template.CHAT_TEMPLATE, tokenize=False, add_generation_prompt=True
    )
    assert isinstance(text, str)
    return text


SYSTEM = {"role": "system", "content": agent.SYSTEM_PROMPT}
IMAGE = "<|begin_of_image|><|image|><|end_of_image|>"
INFO = json.dumps({"current_app": "微信"})
TAPPED = {"role": "assistant", "content": '<think>x</think><answer>do(action="Tap", element=[1,2])</answer>'}


def learnt(task: str, last: str) -> str:
    return f"{batches.BEFORE_IMAGE}<|image|>{batches.AFTER_IMAGE}{batches.prompt(task, last)}"


@pytest.mark.parametrize("parts", [True, False])
def test_the_template_writes_what_the_training_wrote(parts: bool):
    def user(text: str, image: bool) -> dict[str, object]:
        if not parts:
            return {"role": "user", "content": f"{IMAGE}\n{text}" if image else text}
        return {"role": "user", "content": [{"type": "image"}] * image + [{"type": "text", "text": text}]}

    task = "点击红色按钮"
    first = [SYSTEM, user(f"{task}\n\n{INFO}", image=True)]
    assert rendered(first) == learnt(task, "none")
    info = user(f"** Screen Info **\n\n{INFO}", image=True)
    second = [SYSTEM, user(f"{task}\n\n{INFO}", image=False), TAPPED, info]
    assert rendered(second) == learnt(task, "Tap")
    assert rendered([*second, user("go back", image=False)]) == learnt("go back", "none")
    assert rendered([user("Tap the red button.", image=True)]) == learnt("Tap the red button.", "none")
