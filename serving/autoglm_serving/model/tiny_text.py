"""What the tiny model's tokenizer learns from, and how its chat is written out: the shape of GLM-4V's own files."""

SPECIAL_TOKENS = (
    "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>",
    "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>",
    "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>", "<|image|>", "<|video|>",
)  # fmt: skip

EOS_TOKENS = ("<|endoftext|>", "<|user|>", "<|observation|>")

CHAT_TEMPLATE = """\
[gMASK]<sop>
{%- for message in messages -%}
<|{{ message.role }}|>
{% if message.content is string -%}
{{ message.content }}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'image' -%}
<|begin_of_image|><|image|><|end_of_image|>
{%- else -%}
{{ part.text }}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|assistant|>
{% endif -%}
"""

CORPUS = (
    "<think>The screen shows the home page. I tap the icon to open the app.</think>",
    "<think>I see a list of results. The first one is what the user asked for, so I open it.</think>",
    "<think>The keyboard is open. I type the text and press the search button.</think>",
    "<think>The page is still loading. I wait a moment and look again.</think>",
    "<think>The task is complete. I tell the user what was done.</think>",
    '<answer>do(action="Launch", app="Settings")</answer>',
    '<answer>do(action="Tap", element=[500,120])</answer>',
    '<answer>do(action="Type", text="coffee near the station")</answer>',
    '<answer>do(action="Swipe", start=[500,800], end=[500,200])</answer>',
    '<answer>do(action="Long Press", element=[346,907])</answer>',
    '<answer>do(action="Double Tap", element=[71,658])</answer>',
    '<answer>do(action="Wait", duration="2 seconds")</answer>',
    '<answer>do(action="Back")</answer> <answer>do(action="Home")</answer>',
    '<answer>do(action="Take_over", message="Please sign in, then let me go on.")</answer>',
    '<answer>finish(message="The alarm is set for seven in the morning.")</answer>',
    "You are an agent that operates a phone. The current date is Monday. Answer with one action.",
    "Open the messages and read the latest one. Turn on the flight mode. Take a picture of this page.",
    "Find a red button with a white label at the bottom of the screen, next to the text field.",
    "Search for a hotel, order a meal, call a taxi, book a ticket, play the music, send a photo to a friend.",
    '{"current_app": "System Home"} ** Screen Info ** What should I do next? The user wants to know the weather.',
    "打开设置，点击屏幕上的红色按钮，然后返回主页。",
    "搜索附近的咖啡店，选择第一个结果，查看评价。",
    "任务已完成。请登录账号，然后让我继续操作。",
    "当前屏幕显示主页，我需要打开应用并输入文字。",
)
