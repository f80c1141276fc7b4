// When runs are reported: soon after one, several of a series together, and every few minutes.
const reportSoonMs = 3_000
const reportEveryMs = 5 * 60_000

export interface ReportClock {
  /** There is something to report. */
  soon(): void
  stop(): void
}

/** Begins at once. @param report false when there is nobody to report for: rests until `soon` */
export function reportClock(report: () => boolean): ReportClock {
  let timer: NodeJS.Timeout | undefined
  const tick = () => {
    if (report()) timer = setTimeout(tick, reportEveryMs).unref()
  }
  tick()
  return {
    soon() {
      clearTimeout(timer)
      timer = setTimeout(tick, reportSoonMs).unref()
    },
    stop: () => clearTimeout(timer),
  }
}
