"""Why something could not be measured."""

from __future__ import annotations

import re

from normlayers.tracking.guard import plain_message

MOST_LETTERS = 300
# Where in TensorFlow an operation is.
_OF_TENSORFLOW = re.compile(r"\{\{function_node .*?\}\}|\[Op:\w+\](?: name: ?\S*)?")

# What Keras could not make a layer of; the code of a lambda in it, or by itself.
_CONFIGURATION = re.compile(
    r"\.? (?:using )?config=\{.*?\}\.?(?=\s*Exception encountered|\s*$)", re.DOTALL
)
_LAMBDA = re.compile(r"\{'value': \('[\w+/=\\]{20,}'.*?\)\}", re.DOTALL)


class CannotCheckError(Exception):
    """A measure cannot be had of this model or data; the message says why, in a few words."""


def reason(error: BaseException) -> str:
    """An error in one short sentence, without a traceback or a call's arguments.

    Example:
        >>> reason(ValueError("No such file.\\n\\nArguments received by Dense.call()"))
        'No such file.'
    """
    if "Graph execution error" in str(error):  # TensorFlow's, a traceback with the cause after it
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        said = [line for line in lines if not line.startswith(("[[", "File ", "tf2xla"))]
        said = [line for line in said if "[Op:" not in line and "node" not in line.lower()]
        return said[-1] if said else type(error).__name__
    message = plain_message(error) if isinstance(error, Exception) else ""
    message = _LAMBDA.sub("a lambda", _OF_TENSORFLOW.sub("", message))
    message = _CONFIGURATION.sub(".", message)
    message = " ".join(message.split())
    message = message or type(error).__name__
    return message if len(message) <= MOST_LETTERS else message[: MOST_LETTERS - 1] + "…"
