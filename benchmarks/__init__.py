"""What a call under ivsim costs, next to moto and to boto3 alone: `python -m benchmarks`.

Three contenders answer the same boto3 calls, each in a process of its own that has nothing of the others in it:

- the floor: boto3 with an answer of ivsim's, recorded before, handed back from a `before-send` handler. What is left is
  what botocore itself takes to build, sign and parse;
- ivsim, under `mock_ivs`;
- moto, under `mock_aws`, where it has the operation.

They take turns, a slice of time each, round after round, so a machine that gets faster or slower meanwhile does so for
all of them. Every figure is the median over the rounds, every ratio the median of the rounds' own ratios. Nothing here
fails when a budget is missed: it says so.
"""
