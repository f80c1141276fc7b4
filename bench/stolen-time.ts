// Processor time that a virtual machine wanted and its host gave to others. A thread that waits for
// one of these spins, so it counts twice against a figure: as a delay, and as processor time.
import { readFileSync } from 'node:fs'

/** Clock ticks a second of /proc/stat (USER_HZ), the same on all Linux platforms that Node runs on. */
const ticksPerSecond = 100

/** Seconds since the machine started, all processors together. Undefined where the system does not say. */
export function stolenSeconds(): number | undefined {
  if (process.platform !== 'linux') return undefined
  return parseStolen(readFileSync('/proc/stat', 'utf8'))
}

/** Of the text of /proc/stat: https://man7.org/linux/man-pages/man5/proc_stat.5.html */
export function parseStolen(stat: string): number | undefined {
  const steal = /^cpu +(?:\d+ ){7}(\d+)/m.exec(stat)?.[1]
  return steal === undefined ? undefined : Number(steal) / ticksPerSecond
}
