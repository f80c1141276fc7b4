// The machine in plain words: "2 cores, AVX-512, 24 GB".
import { type Machine, thisMachine as machineOf } from '../inference/providers/machine.ts'

export interface Hardware {
  cores: number
  memoryBytes: number
  /** Flags as Linux lists them, lower case; empty where the system does not say. */
  flags: Set<string>
}

export const thisMachine = (): Hardware => hardwareOf(machineOf())

export const hardwareOf = (machine: Machine): Hardware => ({
  cores: machine.cores,
  memoryBytes: machine.memoryBytes,
  flags: processorFlags(machine),
})

function processorFlags({ read, arch, platform }: Machine): Set<string> {
  const text = read('/proc/cpuinfo') ?? ''
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)
  if (line) return new Set(line[1]!.toLowerCase().split(/\s+/))
  // Every 64-bit ARM processor has it; macOS and Windows do not list it.
  return new Set(arch === 'arm64' && platform !== 'linux' ? ['asimd'] : [])
}

/** Sets of instructions that make matrix products quicker, the strongest first. */
const instructionSets = [
  ['amx_int8', 'AMX'],
  ['avx512f', 'AVX-512'],
  ['avx2', 'AVX2'],
  ['asimd', 'NEON'],
] as const

export const instructionsOf = (flags: ReadonlySet<string>): string[] =>
  instructionSets.filter(([flag]) => flags.has(flag)).map(([, name]) => name)

export const describeMemory = (bytes: number): string => `${Math.round(bytes / 2 ** 30)} GB`

export function describeMachine({ cores, memoryBytes, flags }: Hardware): string {
  const words = `${cores} ${cores === 1 ? 'core' : 'cores'}`
  return [words, instructionsOf(flags)[0], describeMemory(memoryBytes)].filter(Boolean).join(', ')
}
