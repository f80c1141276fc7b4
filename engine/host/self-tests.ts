// Self-tests of providers, remembered in the data folder: a driver is tested once, and again when it,
// onnxruntime or the machine has changed.
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { TestProvider } from '../backends/provider-test.ts'
import type { Provider } from '../inference/layers.ts'
import type { Outcome } from '../inference/providers/choice.ts'
import type { Gpu } from '../inference/providers/gpus.ts'
import type { Machine } from '../inference/providers/machine.ts'

const outcome = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('tested'),
    result: z.object({
      // JSON writes infinity as null.
      difference: z
        .number()
        .nullable()
        .transform(value => value ?? Number.POSITIVE_INFINITY),
      gflops: z.number(),
      processorGflops: z.number(),
    }),
  }),
  z.object({ state: z.literal('refused'), message: z.string() }),
  z.object({ state: z.literal('crashed'), how: z.string() }),
  z.object({ state: z.literal('silent'), seconds: z.number() }),
])
const remembered = z.object({ key: z.string(), outcomes: z.record(z.string(), outcome) })

export interface SelfTests {
  /** The remembered outcome, else a test. */
  test(provider: Provider): Promise<Outcome>
  known(provider: Provider): Outcome | undefined
  /** The next test is a real one again: the user wants to know. */
  forget(provider: Provider): void
}

export interface SelfTestsOptions {
  /** Where they are remembered; nowhere if undefined. */
  file?: string
  /** Outcomes hold for one key. */
  key: string
  test: TestProvider
  /** Ends what is running. */
  signal?: AbortSignal
}

export function selfTests({ file, key, test, signal }: SelfTestsOptions): SelfTests {
  const outcomes = new Map<Provider, Outcome>(read(file, key))
  const running = new Map<Provider, Promise<Outcome>>()
  const testNow = async (provider: Provider) => {
    const outcome = await test(provider, signal)
    if (signal?.aborted) return outcome
    outcomes.set(provider, outcome)
    if (file) write(file, { key, outcomes: Object.fromEntries(outcomes) })
    return outcome
  }
  return {
    known: provider => outcomes.get(provider),
    forget: provider => void outcomes.delete(provider),
    async test(provider) {
      const known = outcomes.get(provider)
      if (known) return known
      const started = running.get(provider) ?? testNow(provider)
      running.set(provider, started)
      try {
        return await started
      } finally {
        running.delete(provider)
      }
    },
  }
}

/** What an outcome depends on: software, devices and their drivers, and what sends Vulkan elsewhere. */
export function selfTestKey(machine: Machine, gpus: readonly Gpu[], software: string): string {
  const { platform, arch, release, processor, cores, env } = machine
  const vulkan = [env.VK_DRIVER_FILES, env.VK_ICD_FILENAMES, env.LD_LIBRARY_PATH]
  const parts = [software, platform, arch, release, processor, cores, gpus, vulkan]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

function read(file: string | undefined, key: string): [Provider, Outcome][] {
  if (!file) return []
  try {
    const found = remembered.parse(JSON.parse(readFileSync(file, 'utf8')))
    return found.key === key ? (Object.entries(found.outcomes) as [Provider, Outcome][]) : []
  } catch {
    // Missing or damaged: everything is tested again.
    return []
  }
}

function write(file: string, value: unknown): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, JSON.stringify(value))
    renameSync(temporary, file)
  } catch {
    // A full disk or a folder that is not there: the test is done again next time.
  }
}
