// A host for tests: a data folder that goes away, and an engine that does what the test says.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import type { Job, RunEvent } from '../run/events.ts'
import type { EngineConfig } from '../run/protocol.ts'
import type { Engine, StartEngine } from './engine.ts'
import { type Host, startHost } from './host.ts'

type Script = (
  job: Job,
  say: (event: RunEvent) => void,
  signal: AbortSignal,
) => Promise<void> | void

export interface FakeEngine extends Engine {
  jobs: Job[]
  freed: boolean[]
}

/** An engine that plays `script` for every job and ends it if the script does not. */
export function fakeEngine(script: Script) {
  const configs: EngineConfig[] = []
  let state: Engine['state'] = 'ready'
  const engine: FakeEngine = {
    jobs: [],
    freed: [],
    async run(job, onEvent, signal) {
      engine.jobs.push(job)
      state = 'busy'
      let over = false
      const say = (event: RunEvent) => {
        over ||= ['finished', 'failed', 'interrupted'].includes(event.type)
        onEvent(event)
      }
      await script(job, say, signal ?? new AbortController().signal)
      if (!over) onEvent({ type: 'finished' })
      state = 'ready'
    },
    free: results => void engine.freed.push(results ?? false),
    close: async () => {},
    subscribe: () => () => {},
    get state() {
      return state
    },
    memory: { rssBytes: 0, modelBytes: 0 },
    provider: 'fake',
    notices: [],
  }
  const start: StartEngine = config => {
    configs.push(config)
    return engine
  }
  return { start, engine, configs }
}

export interface TestHost {
  host: Host
  engine: FakeEngine
  /** What the engine was started with, each time. */
  configs: EngineConfig[]
  dir: string
  /** Puts a real picture into one of the host's folders. */
  picture(folder: 'input' | 'output' | 'temp', name: string, colour?: string): Promise<void>
  /** Closes the host and starts another on the same folder. */
  restart(): Promise<Host>
  end(): Promise<void>
}

export function testHost(
  script: Script = () => {},
  dir = mkdtempSync(join(tmpdir(), 'host-')),
): TestHost {
  const { start, engine, configs } = fakeEngine(script)
  const open = () => startHost({ dataDir: dir, startEngine: start })
  const test: TestHost = {
    host: open(),
    engine,
    configs,
    dir,
    async picture(folder, name, colour = '#c03020') {
      const path = join(test.host.folders[folder], name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, await pictureBytes(colour))
    },
    async restart() {
      await test.host.close()
      test.host = open()
      return test.host
    },
    async end() {
      await test.host.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
  return test
}

export const pictureBytes = (colour = '#c03020', width = 8, height = 6): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: colour } })
    .png()
    .toBuffer()

/** EmptyImage → ImageInvert → PreviewImage: needs no model. */
export const smallPrompt = (more: Record<string, unknown> = {}) => ({
  '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  '2': { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
  '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'test' } },
  ...more,
})

/** The bundled model, for so many steps that it is surely running when the blow comes. `output` takes node 5's picture. */
export const endlessPrompt = (output: { class_type: string; inputs: object }) => ({
  '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'starter.safetensors' } },
  '2': { class_type: 'CLIPTextEncode', inputs: { text: 'a red apple', clip: ['1', 1] } },
  '3': { class_type: 'EmptyLatentImage', inputs: { width: 128, height: 128, batch_size: 1 } },
  '4': {
    class_type: 'KSampler',
    inputs: {
      seed: 1,
      steps: 9000,
      cfg: 4,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
      model: ['1', 0],
      positive: ['2', 0],
      negative: ['2', 0],
      latent_image: ['3', 0],
    },
  },
  '5': { class_type: 'VAEDecode', inputs: { samples: ['4', 0], vae: ['1', 2] } },
  '6': output,
})

/** An answer's JSON; what it holds is what a test asks. */
// biome-ignore lint/suspicious/noExplicitAny: the assertions say the shape
export const jsonOf = async (response: Response): Promise<any> => response.json()

/** Waits until something is so. */
export async function until<T>(ask: () => T | undefined | false, timeoutMs = 10_000): Promise<T> {
  const endMs = Date.now() + timeoutMs
  for (;;) {
    const answer = ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > endMs) throw new Error('It did not happen in time.')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
