// WebGPU for real, on a Vulkan driver in software: the numbers must be the processor's.
import { execFile, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { testProvider } from '../../backends/provider-test.ts'
import { softwareVulkan } from './fixtures/software-vulkan.ts'
import { tolerance } from './self-test.ts'

const env = await softwareVulkan()
const reason = env ? '' : ' (skipped: no Chromium with SwiftShader for Linux x64)'
const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))
/** Compiling its shaders takes most of it, and others may be using the machine. */
const timeout = 300_000

describe.skipIf(!env)(`WebGPU on SwiftShader${reason}`, () => {
  test('passes the self-test, far slower than the processor', { timeout }, async () => {
    const spawn = () =>
      fork(path('../../run/worker.ts'), [], {
        env,
        execArgv: [],
        serialization: 'advanced',
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      })
    const outcome = await testProvider('webgpu', { spawn, timeoutMs: timeout })
    if (outcome.state !== 'tested') throw new Error(JSON.stringify(outcome))
    const { difference, gflops, processorGflops } = outcome.result
    expect(difference).toBeLessThan(tolerance)
    // The two do compute in different ways: no difference at all would be the processor’s work.
    expect(difference).toBeGreaterThan(0)
    expect(gflops).toBeLessThan(processorGflops)
  })

  test('computes the starter model’s UNet', { timeout }, async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path('fixtures/unet-on-webgpu.ts')],
      { env },
    )
    const difference = Number(stdout)
    expect(difference).toBeGreaterThan(0)
    expect(difference).toBeLessThan(tolerance)
  })
})
