// How quick the engine is on this machine: seconds of processor time for a step, set against what
// the same processor does with plain matrix products in the same process.
import { cpus } from 'node:os'
import { basename, resolve } from 'node:path'
import { int8Weights } from '../engine/inference/int8-file.ts'
import { buildRounded, type OpProfile, profiles } from '../engine/inference/layers.ts'
import type { OnnxGraph } from '../engine/inference/onnx-graph.ts'
import { openWeights } from '../engine/inference/open-weights.ts'
import {
  defaultThreads,
  openSession,
  type Session,
  type SessionOptions,
  usualOptimization,
} from '../engine/inference/session.ts'
import type { Weights } from '../engine/inference/weights.ts'
import { weightBytes } from '../engine/models/recipe.ts'
import { buildUnet, latentSize, unetConfig } from '../engine/models/unet.ts'
import { buildVaeDecoder, vaeConfig } from '../engine/models/vae-graph.ts'
import { sizeOf, type Tensor, tensor } from '../engine/tensor.ts'
import { countFlops, matmulGraph } from './flops.ts'
import { measureMemory } from './memory-bench.ts'
import { stolenSeconds } from './stolen-time.ts'

export interface BenchOptions {
  /** Checkpoints to measure beside the starter model. */
  checkpoints?: string[]
  /** The folder with the models that ship; by default the repository's. */
  resources?: string
  threads?: number
  /** Picture edges in pixels, as latents of an eighth. */
  sizes?: number[]
  /** Where weights rounded to 8 bits are kept; without it that is not measured. */
  int8Dir?: string
  /** Told what is measured next. */
  note?: (text: string) => void
}

export interface Measure {
  /** Edge of the picture, at 8 pixels a latent. */
  pixels: number
  /** Of the network as it is defined. Fast convolutions compute less. */
  gflop: number
  wallSeconds: number
  /** Of all threads together. */
  cpuSeconds: number
  /** What a virtual machine's host gave to others meanwhile, where the system says so. */
  stolenSeconds?: number
  /** `gflop` a processor second, as a share of the peak: above 1 where fast convolutions save work. */
  share: number
}

/** The same step with weights and inputs of large layers in 8 bits. */
export interface Int8Measure extends Measure {
  /** Of the exact step's processor seconds. */
  ratio: number
  /** Root mean square of what differs in a step's output, as a share of the output's. */
  difference: number
}

export interface ModelReport {
  name: string
  fileMb: number
  /** Header, graph and session of the UNet. */
  loadSeconds: number
  /** Resident memory after loading the UNet, above what the idle process had. */
  loadRssMb: number
  /** Resident memory after all runs, above idle. */
  runRssMb: number
  /** One step with guidance: a batch of two. */
  steps: Measure[]
  vaeDecode: Measure[]
  int8: Int8Measure[]
  /** The most that an engine process holds for a picture of 512 px; where the system says it. */
  peakRssMb?: number
}

export interface BenchReport {
  processor: string
  threads: number
  /** fp32 GFLOP a second of processor time, from products of 1024 × 1024 matrices. */
  peakGflops: number
  models: ModelReport[]
}

const starter = 'models/checkpoints/starter.safetensors'

export async function benchEngine(options: BenchOptions = {}): Promise<BenchReport> {
  const threads = options.threads ?? defaultThreads()
  const resources = options.resources ?? resolve(import.meta.dirname, '../resources')
  const files = [resolve(resources, starter), ...(options.checkpoints ?? [])]
  options.note?.('matrix products')
  const peaks = [await peakGflops(threads)]
  const models: ModelReport[] = []
  for (const file of files) {
    options.note?.(basename(file))
    models.push(await benchModel(file, { ...options, threads }))
    peaks.push(await peakGflops(threads))
  }
  const peak = Math.max(...peaks)
  const measures = models.flatMap(model => [...model.steps, ...model.vaeDecode, ...model.int8])
  for (const measure of measures) measure.share = measure.gflop / measure.cpuSeconds / peak
  return { processor: cpus()[0]?.model ?? 'unknown', threads, peakGflops: peak, models }
}

/** As a person reads it. */
export function benchText(report: BenchReport): string {
  const lines = [
    `${report.processor}, ${report.threads} threads`,
    `fp32 matrix products: ${report.peakGflops.toFixed(0)} GFLOP/s a core`,
  ]
  for (const model of report.models) {
    const { name, fileMb, loadSeconds, loadRssMb, runRssMb } = model
    lines.push(
      '',
      `${name} (${fileMb.toFixed(0)} MB): loads in ${loadSeconds.toFixed(2)} s, ` +
        `${loadRssMb.toFixed(0)} MB after loading, ${runRssMb.toFixed(0)} MB after running`,
    )
    for (const [what, measures] of [
      ['UNet step with guidance', model.steps],
      ['VAE decode', model.vaeDecode],
    ] as const)
      for (const measure of measures) lines.push(`  ${what} ${measureText(measure)}`)
    for (const measure of model.int8)
      lines.push(
        `  UNet step in 8 bits ${timesText(measure)}, ${measure.ratio.toFixed(2)} of ` +
          `the exact one; its output differs by ${(measure.difference * 100).toFixed(1)} % (rms)`,
      )
    if (model.peakRssMb !== undefined)
      lines.push(`  the engine process holds at most ${model.peakRssMb} MB for a picture of 512 px`)
  }
  return lines.join('\n')
}

const measureText = (measure: Measure): string =>
  `${timesText(measure)}, ${measure.gflop.toFixed(0)} GFLOP nominal, ` +
  `${(measure.share * 100).toFixed(0)} % of the peak`

function timesText({ pixels, cpuSeconds, wallSeconds, stolenSeconds = 0 }: Measure): string {
  const stolen = stolenSeconds >= 0.1 ? ` (${stolenSeconds.toFixed(1)} s taken by the host)` : ''
  return `at ${pixels} px: ${cpuSeconds.toFixed(2)} CPU-s, ${wallSeconds.toFixed(2)} s${stolen}`
}

async function benchModel(
  file: string,
  { threads, sizes = [256, 512], int8Dir }: BenchOptions,
): Promise<ModelReport> {
  const idleBytes = process.memoryUsage.rss()
  const started = performance.now()
  const weights = openWeights(file)
  const fileMb = [...weights.tensors.values()].reduce((sum, { length }) => sum + length, 0) / 1e6
  const options = (prefix: string) => ({
    threads,
    optimization: usualOptimization(weightBytes(weights, prefix)),
  })
  const openUnet = (edge: number) =>
    openSession(unetOf(weights, edge), options(unetConfig(weights).prefix))
  const loaded = await openUnet(sizes[0]! / 8)
  const loadSeconds = (performance.now() - started) / 1000
  const loadRssMb = (process.memoryUsage.rss() - idleBytes) / 1e6
  await loaded.release()
  const steps: Measure[] = []
  const exact: Tensor[] = []
  for (const pixels of sizes) {
    const feeds = unetFeeds(weights, pixels / 8)
    const unet = await openUnet(pixels / 8)
    const defined = { graph: unetOf(weights, pixels / 8, direct), feeds: bothPictures(feeds) }
    steps.push(await measure(unet, feeds, defined, { pixels, threads }))
    exact.push((await unet.run(feeds)).out!)
    await unet.release()
  }
  const int8 = int8Dir
    ? await measureInt8(weights, int8Dir, {
        steps,
        exact,
        options: options(unetConfig(weights).prefix),
      })
    : []
  const decoder = await openSession(
    buildVaeDecoder(weights, vaeConfig(weights), { tall: true }),
    options(`${vaeConfig(weights).prefix}decoder.`),
  )
  const feeds = (edge: number) => ({
    latent: wave([1, vaeConfig(weights).latentChannels, edge, edge]),
  })
  const vaeDecode: Measure[] = []
  for (const pixels of sizes) {
    const defined = { graph: directDecoder(weights), feeds: feeds(pixels / 8) }
    vaeDecode.push(await measure(decoder, defined.feeds, defined, { pixels, threads }))
  }
  const runRssMb = (process.memoryUsage.rss() - idleBytes) / 1e6
  await decoder.release()
  const peakRssMb = await peakOfPicture(file)
  const memory = { loadRssMb, runRssMb, peakRssMb }
  return { name: basename(file), fileMb, loadSeconds, ...memory, steps, vaeDecode, int8 }
}

async function peakOfPicture(file: string): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  const { peakMb } = await measureMemory({ checkpoints: [file], pixels: 512, steps: 1 })
  return peakMb[basename(file)]
}

async function measureInt8(
  weights: Weights,
  dir: string,
  known: { steps: Measure[]; exact: Tensor[]; options: SessionOptions },
): Promise<Int8Measure[]> {
  const rounded = await int8Weights(weights, unetConfig(weights).prefix, dir)
  const session = await openSession(
    buildRounded(rounded, () => unetOf(weights, 64)),
    known.options,
  )
  const measures: Int8Measure[] = []
  for (const [i, step] of known.steps.entries()) {
    const feeds = unetFeeds(weights, step.pixels / 8)
    const { out } = await session.run(feeds)
    const best = await bestRun(session, feeds)
    const ratio = best.cpuSeconds / step.cpuSeconds
    measures.push({ ...step, ...best, ratio, difference: difference(out!, known.exact[i]!) })
  }
  await session.release()
  return measures
}

function difference(got: Tensor, expected: Tensor): number {
  let wrong = 0
  let all = 0
  for (const [i, value] of expected.data.entries()) {
    wrong += (value - got.data[i]!) ** 2
    all += value ** 2
  }
  return Math.sqrt(wrong / all)
}

/** As it is defined, for counting operations. */
const direct: OpProfile = { ...profiles.cpu, conv: 'direct' }

/** `edge` of the latents, as the engine opens it for them. */
const unetOf = (weights: Weights, edge: number, profile?: OpProfile): OnnxGraph =>
  buildUnet(weights, unetConfig(weights), { profile, size: latentSize([edge, edge]) })
const directDecoder = (weights: Weights): OnnxGraph =>
  buildVaeDecoder(weights, vaeConfig(weights), { profile: direct })

/** A step with guidance as the engine asks for it: both prompts as one batch, and the picture they share. */
function unetFeeds(weights: Weights, edge: number): Record<string, Tensor> {
  const { channels, contextWidth, adm } = unetConfig(weights)
  const feeds: Record<string, Tensor> = {
    x: wave([1, channels, edge, edge]),
    t: tensor([1], Float32Array.of(500)),
    context: wave([2, 77, contextWidth]),
  }
  return adm > 0 ? { ...feeds, y: wave([2, adm]) } : feeds
}

/** As the network is defined: a picture for each prompt. */
function bothPictures({ x, t, ...others }: Record<string, Tensor>): Record<string, Tensor> {
  const twice = ({ shape, data }: Tensor) =>
    tensor([2, ...shape.slice(1)], Float32Array.from([...data, ...data]))
  return { x: twice(x!), t: twice(t!), ...others }
}

function wave(shape: number[]): Tensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 12.9898) * 1.5)
  return tensor(shape, data)
}

/** A run of more than this is measured twice, others three times. */
const longSeconds = 5

interface Defined {
  graph: OnnxGraph
  feeds: Record<string, Tensor>
}

/** Operations are counted in the network as it is defined. */
async function measure(
  session: Session,
  feeds: Record<string, Tensor>,
  defined: Defined,
  { pixels, threads }: { pixels: number; threads?: number },
): Promise<Measure> {
  const gflop = (await countFlops(defined.graph, defined.feeds, threads)) / 1e9
  return { pixels, gflop, ...(await bestRun(session, feeds)), share: 0 }
}

/** The quickest: the first run of a size also asks the system for memory. */
async function bestRun(session: Session, feeds: Record<string, Tensor>) {
  const runs = [await timed(() => session.run(feeds))]
  const count = runs[0]!.wallSeconds < longSeconds ? 3 : 2
  while (runs.length < count) runs.push(await timed(() => session.run(feeds)))
  return runs.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a))
}

async function timed(work: () => Promise<unknown>) {
  const started = performance.now()
  const before = process.cpuUsage()
  const stolenBefore = stolenSeconds()
  await work()
  const { user, system } = process.cpuUsage(before)
  return {
    wallSeconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    stolenSeconds: stolenBefore === undefined ? undefined : stolenSeconds()! - stolenBefore,
  }
}

/** The best of several runs: others may be using the machine. */
async function peakGflops(threads: number): Promise<number> {
  const size = 1024
  const session = await openSession(matmulGraph(size), { threads })
  const feeds = { a: wave([size, size]), b: wave([size, size]) }
  await session.run(feeds)
  let best = 0
  for (let i = 0; i < 12; i++) {
    const { cpuSeconds } = await timed(() => session.run(feeds))
    best = Math.max(best, (2 * size ** 3) / 1e9 / cpuSeconds)
  }
  await session.release()
  return best
}
