// The machine in plain words: "2 cores, AVX-512, 24 GB".
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

export interface Machine {
  cores: number
  memoryBytes: number
  /** Flags as Linux lists them, lower case; empty where the system does not say. */
  flags: Set<string>
}

export function thisMachine(): Machine {
  return { cores: cpus().length, memoryBytes: totalmem(), flags: cpuFlags() }
}

function cpuFlags(): Set<string> {
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))
    return new Set(line?.[1]?.toLowerCase().split(/\s+/))
  } catch {
    return new Set()
  }
}

export function describeMachine({ cores, memoryBytes, flags }: Machine): string {
  const vector = flags.has('amx_int8')
    ? 'AMX'
    : flags.has('avx512f')
      ? 'AVX-512'
      : flags.has('avx2')
        ? 'AVX2'
        : flags.has('asimd')
          ? 'NEON'
          : undefined
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GB`
  return [`${cores} ${cores === 1 ? 'core' : 'cores'}`, vector, memory].filter(Boolean).join(', ')
}
