"""Programs in TorchScript, with calls of their function f, and programs that are refused, by topic."""

from programs import containers, control_flow, functions, numbers_and_strings, refused, tensors

TOPICS = [numbers_and_strings, containers, control_flow, tensors, functions]
PROGRAMS = {name: program for topic in TOPICS for name, program in topic.PROGRAMS.items()}
ERRORS = refused.ERRORS
