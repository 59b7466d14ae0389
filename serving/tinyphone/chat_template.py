"""How a chat is written out for the tiny model, in Jinja, beside the model's files.

The model was taught a task, the name of the last action, and a screenshot: nothing else. So the template keeps just
that: the system prompt of several thousand tokens, the JSON about the screen and all older steps are left out.
"""

CHAT_TEMPLATE = """\
{%- set placeholder = '<|begin_of_image|><|image|><|end_of_image|>' -%}
{%- set now = namespace(task='', last='none', images='') -%}
{%- for message in messages -%}
{%- if message.content is string -%}
{%- set text = message.content -%}
{%- else -%}
{%- set parts = namespace(text='') -%}
{%- for part in message.content or [] -%}
{%- set parts.text = parts.text + (part.text if part.type == 'text' else placeholder) -%}
{%- endfor -%}
{%- set text = parts.text -%}
{%- endif -%}
{%- set now.images = now.images + placeholder * (text.split(placeholder)|length - 1) -%}
{%- if message.role == 'user' -%}
{#- A step that only tells about the screen keeps the task; a new task forgets what was done for the one before. -#}
{%- set asked = text.replace(placeholder, '').split('** Screen Info **')[0].split('\\n\\n{')[0].strip() -%}
{%- if asked -%}
{%- set now.task = asked -%}
{%- set now.last = 'none' -%}
{%- endif -%}
{%- elif message.role == 'assistant' and 'do(action="' in text -%}
{%- set now.last = text.split('do(action="')[-1].split('"')[0] -%}
{%- endif -%}
{%- endfor -%}
[gMASK]<sop><|user|>
{{ now.images }}
{{ now.task }}
{{ now.last -}}
{%- if add_generation_prompt -%}
<|assistant|>
{% endif -%}
"""
