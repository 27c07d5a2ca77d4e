"""The caller: who they are, whom they coach, and who coaches them."""
