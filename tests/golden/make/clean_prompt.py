"""Prompts as the reference cleans them before they become tokens."""

from golden import make
from reference import checkout, open_wan
import json


def compute(run):
    open_wan(checkout(run, "ATI"), real_tokenizers=True)
    import wan.modules.tokenizers as tokenizers
    cases = json.load(open(run.path("cases.json")))["cases"]
    made = [[text, tokenizers.whitespace_clean(tokenizers.basic_clean(text))] for text, _ in cases]
    run.text("cases.json", dict(case="clean_prompt", function="tokenizers.py whitespace_clean(basic_clean(text)) with ftfy 6.3.1 and Python 3.11", cases=made),
             "pairs of a prompt (input) and what it becomes")


make("clean_prompt", compute, function="wan.modules.tokenizers: whitespace_clean(basic_clean(text))", reference="bytedance/ATI 168b443", tolerance="equal")
