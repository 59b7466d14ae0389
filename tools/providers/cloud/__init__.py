"""Stand-ins for the plugins of AWS, Alibaba Cloud and Tencent Cloud: one provider, three tables of facts.

Nothing is made anywhere. Inputs are checked against the SDK's own types, outputs are invented in the cloud's forms, and
what can only be replaced is replaced, so that the real engine previews, updates and destroys a region without accounts.
"""
