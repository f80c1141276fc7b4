// The host's engine moves to another provider, and the user hears why it did not.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { TestProvider } from '../backends/provider-test.ts'
import type { Outcome } from '../inference/providers/choice.ts'
import { type Machine, thisMachine } from '../inference/providers/machine.ts'
import { fakeEngine, until } from './fixtures/test-host.ts'
import { about, expectation, hardwareReport, hardwareText } from './hardware-report.ts'
import { startHost } from './host.ts'
import { choosePlacement, placementConfig, readPlacementContext } from './placement-context.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const passed: Outcome = {
  state: 'tested',
  result: { difference: 4e-5, gflops: 900, processorGflops: 100 },
}

/** A host whose engine is a stand-in and whose providers are as `outcome` says. */
function host(outcome: () => Outcome) {
  const dataDir = mkdtempSync(join(tmpdir(), 'comfyrunner-placing-'))
  folders.push(dataDir)
  const { start, configs } = fakeEngine(() => {})
  const tested: string[] = []
  const testProvider: TestProvider = async provider => {
    tested.push(provider)
    return provider === 'cpu' ? passed : outcome()
  }
  const running = startHost({ dataDir, startEngine: start, testProvider })
  const choose = (provider: 'auto' | 'cpu' | 'webgpu') => {
    running.store.settings.change({ provider })
    running.settingsChanged({ provider })
  }
  return { running, configs, tested, choose, dataDir }
}

/** WebGPU is in the package of these; elsewhere the same goes on without it. */
const webgpu = ['linux-x64', 'win32-x64', 'win32-arm64', 'darwin-arm64'].includes(
  `${process.platform}-${process.arch}`,
)

test.skipIf(!webgpu)(
  'a named provider that passes gets the engine, and is remembered',
  async () => {
    const { running, configs, tested, choose, dataDir } = host(() => passed)
    expect(configs[0]).toMatchObject({ provider: 'cpu' })
    choose('webgpu')
    const config = await until(() => configs.find(({ provider }) => provider === 'webgpu'))
    expect(config.gpuBudgetBytes).toBeGreaterThan(0)
    expect(running.system.info().notice).toBeUndefined()
    const report = await running.hardware()
    expect(report.providers.find(({ id }) => id === 'webgpu')).toEqual({
      id: 'webgpu',
      name: 'WebGPU',
      state: 'used',
      about: expect.stringMatching(/^900 GFLOP\/s in matrix products\. Weights .* 2 GB/),
    })
    expect(report.why).toBe('You chose WebGPU, and it gives the processor’s numbers.')
    expect(tested).toEqual(['webgpu'])
    expect(readFileSync(join(dataDir, 'self-tests.json'), 'utf8')).toContain('"webgpu"')
    choose('cpu')
    await until(() => configs.at(-1)!.provider === 'cpu')
    await running.close()
  },
)

test.skipIf(!webgpu)(
  'one that fails leaves the engine where it is and says so, until it is not chosen',
  async () => {
    let outcome: Outcome = {
      state: 'tested',
      result: { difference: 0.046, gflops: 900, processorGflops: 100 },
    }
    const { running, configs, tested, choose } = host(() => outcome)
    choose('webgpu')
    expect(await until(() => running.system.info().notice)).toBe(
      'WebGPU gave wrong numbers on this machine (4.6 % off), so the processor is used instead.',
    )
    expect(configs.every(({ provider }) => provider === 'cpu')).toBe(true)
    // Chosen again after a new driver: it is tested again.
    outcome = passed
    choose('webgpu')
    await until(() => configs.at(-1)!.provider === 'webgpu')
    expect(running.system.info().notice).toBeUndefined()
    expect(tested).toEqual(['webgpu', 'webgpu'])
    await running.close()
  },
)

test('a host without a way to test stays on the processor', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'comfyrunner-placing-'))
  folders.push(dataDir)
  const { start, configs } = fakeEngine(() => {})
  const running = startHost({ dataDir, startEngine: start })
  running.store.settings.change({ provider: 'webgpu' })
  running.settingsChanged({ provider: 'webgpu' })
  const report = await running.hardware()
  expect(report.why).toBe('You chose the processor.')
  expect(report.gflops).toBeUndefined()
  expect(configs).toHaveLength(1)
  expect(existsSync(join(dataDir, 'self-tests.json'))).toBe(false)
  await running.close()
})

const laptop: Machine = {
  ...thisMachine(),
  platform: 'win32',
  arch: 'x64',
  processor: 'AMD Ryzen 7 7840U',
  cores: 16,
  memoryBytes: 32 * 2 ** 30,
  env: {},
  read: () => undefined,
  list: () => [],
  exec: async () =>
    'HKEY\r\n    DriverDesc    REG_SZ    AMD Radeon 780M\r\n    MatchingDeviceId    REG_SZ    PCI\\VEN_1002&DEV_15BF\r\n',
}

test('a laptop in words: what is there, what is used, how long a picture takes', async () => {
  const around = await readPlacementContext({ machine: laptop, test: async () => passed })
  const placement = await choosePlacement('auto', around)
  expect(placementConfig(placement.provider, around)).toEqual({
    provider: 'dml',
    gpuBudgetBytes: Math.floor(16 * 2 ** 30 * 0.4),
  })
  expect(hardwareText(await hardwareReport(around, placement))).toBe(
    [
      'AMD Ryzen 7 7840U, 16 cores, 32 GB of memory',
      'Graphics: AMD Radeon 780M',
      'Computes with: DirectML. DirectML gives the processor’s numbers, about 9 times as quickly.',
      '  Processor: ready.',
      '  WebGPU: Tested against the processor when it is chosen.',
      'A picture of 512 × 512 pixels with Stable Diffusion 1.5 and 20 steps: at best about 40 seconds.',
    ].join('\n'),
  )
})

test('a machine at work is not measured', async () => {
  const asked: string[] = []
  const test: TestProvider = async provider => {
    asked.push(provider)
    return passed
  }
  const around = await readPlacementContext({
    machine: { ...laptop, exec: async () => undefined },
    test,
  })
  const placement = await choosePlacement('auto', around)
  expect((await hardwareReport(around, placement, false)).expectation).toBe(
    'How quick it is, is measured when the engine has nothing to do.',
  )
  expect(asked).toEqual([])
  expect((await hardwareReport(around, placement)).gflops).toBe(900)
})

test.each([
  [1.2, 'about a second'],
  [8.4, 'about 8 seconds'],
  [38, 'about 40 seconds'],
  [61, 'about a minute'],
  [394, 'about 7 minutes'],
  [3500, 'about an hour'],
  [9200, 'about 2.5 hours'],
])('%d seconds are %s', (seconds, words) => expect(about(seconds)).toBe(words))

test('the expectation follows the measured matrix products', () => {
  // 34,644.5 GFLOP at 65 % of 180 GFLOP/s: 296 s.
  expect(expectation('cpu', 180)).toBe(
    'A picture of 512 × 512 pixels with Stable Diffusion 1.5 and 20 steps: about 5 minutes.',
  )
})
