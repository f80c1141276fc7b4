// What the hardware report and the choice of a provider ask of the system, as a value: tests hand in
// machines that are not theirs.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'

export interface Machine {
  /** As `process.platform` and `process.arch`. */
  platform: string
  arch: string
  /** The kernel's version. */
  release: string
  processor: string
  cores: number
  memoryBytes: number
  env: Readonly<Record<string, string | undefined>>
  /** Text of a small file of the system; undefined where there is none. */
  read(path: string): string | undefined
  list(folder: string): string[]
  /** What a program writes; undefined where it is missing, fails or takes too long. */
  exec(file: string, args: readonly string[]): Promise<string | undefined>
}

const execTimeoutMs = 5_000
const execLimitBytes = 2 ** 20

export const thisMachine = (): Machine => ({
  platform: platform(),
  arch: arch(),
  release: release(),
  processor: cpus()[0]?.model.trim() || 'Unknown processor',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  env: process.env,
  read: readText,
  list: folder => {
    try {
      return readdirSync(folder)
    } catch {
      return []
    }
  },
  exec: (file, args) =>
    new Promise(resolve => {
      const options = {
        timeout: execTimeoutMs,
        maxBuffer: execLimitBytes,
        windowsHide: true,
      }
      execFile(file, [...args], options, (error, text) => resolve(error ? undefined : text))
    }),
})

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
