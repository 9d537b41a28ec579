/** One client's figures for one operation, from another run on another repository of the same size. */
export interface Recorded {
  readonly requests: number
  readonly up: number
  readonly down: number
  readonly milliseconds: number
  /** With 20 ms of latency. */
  readonly delayed?: number
  readonly cpuMilliseconds: number
  readonly peakMb: number
}

const figures = (
  requests: number,
  [up, down]: readonly [number, number],
  milliseconds: number,
  delayed: number | undefined,
  [cpuMilliseconds, peakMb]: readonly [number, number],
): Recorded => ({
  requests,
  up,
  down,
  milliseconds,
  ...(delayed === undefined ? {} : { delayed }),
  cpuMilliseconds,
  peakMb,
})

/**
 * nanogit (20f33b4), which cannot be had as a Go module: measured on 2026-11-21 against `git http-backend` 2.39.5 on a
 * repository of 15,923 files and 3,000 commits, by scenario.
 */
export const RECORDED: Readonly<Record<string, Recorded>> = {
  create: figures(3, [11_300, 479_000], 90, 152, [33, 21]),
  update: figures(3, [11_300, 479_000], 89, 150, [34, 21]),
  delete: figures(3, [14_500, 479_000], 141, 223, [37, 21]),
  'bulk-1000': figures(3, [492_000, 479_000], 129, 202, [70, 26]),
  'flat-tree': figures(2, [346, 479_000], 59, 97, [28, 20]),
  'compare-10': figures(2, [528, 958_000], 102, 172, [60, 29]),
  'read-deep': figures(8, [1_200, 1_090_000], 170, 294, [11, 10]),
  checkout: figures(3_289, [408_000, 42_300_000], 29_115, undefined, [3_072, 26]),
  'ten-edits': figures(12, [111_000, 480_000], 334, 551, [70, 22]),
  'branch-commit': figures(5, [11_700, 479_000], 204, 321, [37, 21]),
}
