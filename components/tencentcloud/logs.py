"""Where logs go: a set in CLS with one topic for each kind, searchable, kept for so many days."""

from dataclasses import dataclass

import pulumi
from tencentcloud_iac_pulumi import cls

from components.cloud_args import Tags
from components.tags import tags

_LONGEST = 3600  # days; docstring of cls.Topic.period
_FOREVER = 3640
_SEPARATORS = "@&?|#()='\",;:<>[]{}/ \n\t\r\\"


@dataclass(frozen=True, kw_only=True)
class LogsArgs:
    """`topics`: a kind of log -> what it holds, in a sentence."""

    topics: dict[str, str]
    days: int
    tags: Tags


class Logs(pulumi.ComponentResource):
    """Ids of the set, and of the topics by kind."""

    logset: pulumi.Output[str]
    topics: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: LogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Logs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        logset = cls.Logset(f"{name}-set", logset_name=name, tags=tags(args.tags, name), opts=child)
        self.logset, self.topics = logset.id, {}
        for kind, what in args.topics.items():
            topic = cls.Topic(
                f"{name}-{kind}",
                logset_id=logset.id,
                topic_name=f"{name}-{kind}",
                describes=what,
                period=kept_days(args.days),
                storage_type="hot",
                tags=tags(args.tags, f"{name}-{kind}"),
                opts=child,
            )
            cls.Index(  # without one, logs are kept but can't be searched
                f"{name}-{kind}-index",
                topic_id=topic.id,
                status=True,
                rule=cls.IndexRuleArgs(
                    full_text=cls.IndexRuleFullTextArgs(case_sensitive=False, contain_zh=False, tokenizer=_SEPARATORS)
                ),
                opts=child,
            )
            self.topics[kind] = topic.id
        self.register_outputs({"logset": self.logset})


def kept_days(asked: int) -> int:
    """CLS keeps at most 3600 days, or for ever: never less than asked."""
    return asked if asked <= _LONGEST else _FOREVER
