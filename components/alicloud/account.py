"""Whose credentials these are: names that are unique across accounts carry it, and a wrong account is refused."""

import pulumi
import pulumi_alicloud as alicloud


def own(asked: pulumi.InvokeOptions, expected: str | None = None) -> pulumi.Output[str]:
    """The account that the provider works in. `expected`: the region file's; another one raises, in a preview too.

    The SDK's provider has no list of allowed accounts, as AWS's has: its `account_id` chooses endpoints only.
    """
    found = alicloud.get_account_output(opts=asked)
    return found.apply(lambda account: checked(account.id, expected))


def checked(account: str, expected: str | None) -> str:
    if expected is not None and account != expected:
        raise pulumi.RunError(
            f"accountId: {expected}: the credentials in the environment belong to account {account}: "
            "set those of the region's account, or correct accountId"
        )
    return account
