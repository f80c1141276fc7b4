// How quick the engine is on this machine: seconds of processor time for a step, set against what
// the same processor does with plain matrix products in the same process.
import { cpus } from 'node:os'
import { basename, resolve } from 'node:path'
import type { OnnxGraph } from '../engine/inference/onnx-graph.ts'
import { openWeights } from '../engine/inference/open-weights.ts'
import {
  defaultThreads,
  openSession,
  type Session,
  usualOptimization,
} from '../engine/inference/session.ts'
import type { Weights } from '../engine/inference/weights.ts'
import { weightBytes } from '../engine/models/recipe.ts'
import { buildUnet, unetConfig } from '../engine/models/unet.ts'
import { buildVaeDecoder, vaeConfig } from '../engine/models/vae-graph.ts'
import { sizeOf, type Tensor, tensor } from '../engine/tensor.ts'
import { countFlops, matmulGraph } from './flops.ts'

export interface BenchOptions {
  /** Checkpoints to measure beside the starter model. */
  checkpoints?: string[]
  /** The folder with the models that ship; by default the repository's. */
  resources?: string
  threads?: number
  /** Picture edges in pixels, as latents of an eighth. */
  sizes?: number[]
  /** Told what is measured next. */
  note?: (text: string) => void
}

export interface Measure {
  /** Edge of the picture, at 8 pixels a latent. */
  pixels: number
  gflop: number
  wallSeconds: number
  /** Of all threads together. */
  cpuSeconds: number
  /** Achieved share of the peak. */
  share: number
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
  for (const measure of models.flatMap(model => [...model.steps, ...model.vaeDecode]))
    measure.share = measure.gflop / measure.cpuSeconds / peak
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
      for (const { pixels, cpuSeconds, wallSeconds, gflop, share } of measures)
        lines.push(
          `  ${what} at ${pixels} px: ${cpuSeconds.toFixed(2)} CPU-s, ${wallSeconds.toFixed(2)} s, ` +
            `${gflop.toFixed(0)} GFLOP, ${(share * 100).toFixed(0)} % of the peak`,
        )
  }
  return lines.join('\n')
}

async function benchModel(
  file: string,
  { threads, sizes = [256, 512] }: BenchOptions,
): Promise<ModelReport> {
  const idleBytes = process.memoryUsage.rss()
  const started = performance.now()
  const weights = openWeights(file)
  const fileMb = [...weights.tensors.values()].reduce((sum, { length }) => sum + length, 0) / 1e6
  const options = (prefix: string) => ({
    threads,
    optimization: usualOptimization(weightBytes(weights, prefix)),
  })
  const unet = await openSession(unetOf(weights), options(unetConfig(weights).prefix))
  const loadSeconds = (performance.now() - started) / 1000
  const loadRssMb = (process.memoryUsage.rss() - idleBytes) / 1e6
  const steps: Measure[] = []
  for (const pixels of sizes)
    steps.push(
      await measure(unet, unetOf(weights), unetFeeds(weights, pixels / 8), pixels, threads),
    )
  await unet.release()
  const decoder = await openSession(
    decoderOf(weights),
    options(`${vaeConfig(weights).prefix}decoder.`),
  )
  const feeds = (edge: number) => ({
    latent: wave([1, vaeConfig(weights).latentChannels, edge, edge]),
  })
  const vaeDecode: Measure[] = []
  for (const pixels of sizes)
    vaeDecode.push(await measure(decoder, decoderOf(weights), feeds(pixels / 8), pixels, threads))
  const runRssMb = (process.memoryUsage.rss() - idleBytes) / 1e6
  await decoder.release()
  return { name: basename(file), fileMb, loadSeconds, loadRssMb, runRssMb, steps, vaeDecode }
}

const unetOf = (weights: Weights): OnnxGraph => buildUnet(weights, unetConfig(weights))
const decoderOf = (weights: Weights): OnnxGraph => buildVaeDecoder(weights, vaeConfig(weights))

/** A step with guidance runs both prompts as one batch. */
function unetFeeds(weights: Weights, edge: number): Record<string, Tensor> {
  const { channels, contextWidth, adm } = unetConfig(weights)
  const feeds: Record<string, Tensor> = {
    x: wave([2, channels, edge, edge]),
    t: tensor([2], Float32Array.of(500, 500)),
    context: wave([2, 77, contextWidth]),
  }
  return adm > 0 ? { ...feeds, y: wave([2, adm]) } : feeds
}

function wave(shape: number[]): Tensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 12.9898) * 1.5)
  return tensor(shape, data)
}

/** A run of more than this is measured once. */
const longSeconds = 5

/** The run that counts operations warms up; short runs then take the quickest of three. */
async function measure(
  session: Session,
  graph: OnnxGraph,
  feeds: Record<string, Tensor>,
  pixels: number,
  threads?: number,
): Promise<Measure> {
  const gflop = (await countFlops(graph, feeds, threads)) / 1e9
  const runs = [await timed(() => session.run(feeds))]
  while (runs.length < 3 && runs[0]!.wallSeconds < longSeconds)
    runs.push(await timed(() => session.run(feeds)))
  const best = runs.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a))
  return { pixels, gflop, ...best, share: 0 }
}

async function timed(work: () => Promise<unknown>) {
  const started = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return {
    wallSeconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
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
