// What the engine process holds: after starting, at its highest while it draws, after letting go, and
// as models change places. Linux only, where a process says its highest by itself.
// `node bench/memory-bench.ts CHECKPOINT… [--pixels 512] [--steps 1] [--switches 50] [--int8] [--json]`
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startLocalEngine } from '../engine/backends/local-engine.ts'
import type { RunEvent } from '../engine/run/events.ts'

export interface MemoryReport {
  pixels: number
  idleMb: number
  /** Highest while drawing, by checkpoint. */
  peakMb: Record<string, number>
  /** After a first picture and letting go of its models. */
  unloadedMb: number
  /** With models loaded, after each switch. */
  switchesMb: number[]
}

export interface MemoryBenchOptions {
  /** Taken in turn. */
  checkpoints: string[]
  pixels?: number
  steps?: number
  switches?: number
  int8Dir?: string
}

export async function measureMemory(options: MemoryBenchOptions): Promise<MemoryReport> {
  const { checkpoints, pixels = 512, steps = 1, switches = 0, int8Dir } = options
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-memory-'))
  const dir = (name: string) => {
    mkdirSync(join(folder, name), { recursive: true })
    return join(folder, name)
  }
  const models = dir('models/checkpoints')
  for (const file of checkpoints) symlinkSync(resolve(file), join(models, basename(file)))
  const engine = startLocalEngine({
    inputDir: dir('input'),
    outputDir: dir('output'),
    tempDir: dir('temp'),
    modelDirs: [dir('models')],
    int8Dir,
  })
  const draw = (checkpoint: string, seed: number) =>
    new Promise<void>((done, failed) => {
      const listen = (event: RunEvent) => {
        if (event.type === 'finished') done()
        if (event.type === 'failed') failed(new Error(event.message))
      }
      engine.run(job(basename(checkpoint), { pixels, steps, seed }), listen).catch(failed)
    })
  const rssMb = () => statusMb(engine.pid!, 'VmRSS')
  const report: MemoryReport = { pixels, idleMb: 0, peakMb: {}, unloadedMb: 0, switchesMb: [] }
  try {
    for (let tries = 0; engine.state !== 'ready'; tries++) {
      if (tries === 200) throw new Error('The engine process did not start.')
      await wait(50)
    }
    // What it loads by itself while nobody waits.
    await wait(2000)
    report.idleMb = rssMb()
    for (const checkpoint of checkpoints) {
      writeFileSync(`/proc/${engine.pid}/clear_refs`, '5')
      await draw(checkpoint, 0)
      report.peakMb[basename(checkpoint)] = statusMb(engine.pid!, 'VmHWM')
    }
    engine.free(true)
    await wait(2000)
    report.unloadedMb = rssMb()
    for (let n = 0; n < switches; n++) {
      await draw(checkpoints[n % checkpoints.length]!, n + 1)
      // One measure a round: models differ in size.
      if ((n + 1) % checkpoints.length === 0) report.switchesMb.push(rssMb())
    }
    return report
  } finally {
    await engine.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function statusMb(pid: number, name: string): number {
  const line = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Math.round((Number(line![1]) * 1024) / 1e6)
}

/** Text to picture, in ComfyUI's API form. */
function job(checkpoint: string, run: { pixels: number; steps: number; seed: number }) {
  const { pixels, steps, seed } = run
  const node = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs })
  const prompt = {
    1: node('CheckpointLoaderSimple', { ckpt_name: checkpoint }),
    2: node('CLIPTextEncode', { clip: ['1', 1], text: 'a cat' }),
    3: node('CLIPTextEncode', { clip: ['1', 1], text: '' }),
    4: node('EmptyLatentImage', { width: pixels, height: pixels, batch_size: 1 }),
    5: node('KSampler', {
      model: ['1', 0],
      positive: ['2', 0],
      negative: ['3', 0],
      latent_image: ['4', 0],
      seed,
      steps,
      cfg: 7,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
    }),
    6: node('VAEDecode', { samples: ['5', 0], vae: ['1', 2] }),
    7: node('SaveImage', { images: ['6', 0], filename_prefix: 'memory' }),
  }
  return { id: String(seed), prompt: JSON.stringify(prompt), pngInfo: '{}', previews: false }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      pixels: { type: 'string' },
      steps: { type: 'string' },
      switches: { type: 'string' },
      int8: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))
  const report = await measureMemory({
    checkpoints: positionals,
    pixels: number(values.pixels),
    steps: number(values.steps),
    switches: number(values.switches),
    int8Dir: values.int8 ? resolve('.cache/int8') : undefined,
  })
  if (values.json) console.log(JSON.stringify(report))
  else {
    console.log(`idle ${report.idleMb} MB, after letting go ${report.unloadedMb} MB`)
    for (const [name, peak] of Object.entries(report.peakMb))
      console.log(`${name} at ${report.pixels} px: ${peak} MB at the highest`)
    if (report.switchesMb.length) console.log(`by round: ${report.switchesMb.join(', ')} MB`)
  }
}
