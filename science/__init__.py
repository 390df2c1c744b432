"""What is learned from the marts, and how good it is. Runner and notebooks share it."""
