"""What a prompt says to a drill's model server. No imports: the tests and the server's environment both read it."""

DIE = "die now"
FAIL = "fail now"
SLOW = "slow now"
