// Seconds of processor time for what image nodes do to one large picture, with the native kernels
// and with their JS twins: `node bench/image-bench.ts [edge in pixels] [--json]`.
import { spawnSync } from 'node:child_process'
import { engineAllocation } from '../engine/backends/fork-worker.ts'
import { gaussianBlur, sharpen } from '../engine/image/blur.ts'
import { canny } from '../engine/image/canny.ts'
import { adjustColor } from '../engine/image/color.ts'
import { blendImages } from '../engine/image/composite.ts'
import { decodePicture } from '../engine/image/decode.ts'
import { encodeImage } from '../engine/image/encode.ts'
import { channelOf, growMask, invert } from '../engine/image/mask.ts'
import { morphology } from '../engine/image/morphology.ts'
import { type ResizeMethod, resizeImage } from '../engine/image/resize.ts'
import { type Tensor, tensor } from '../engine/tensor.ts'

/** Waves with grain on them: as hard to compress as a photograph. */
function photograph(edge: number): Tensor {
  const image = tensor([1, edge, edge, 3])
  let grain = 1
  for (let y = 0, i = 0; y < edge; y++)
    for (let x = 0; x < edge; x++) {
      const light = 0.5 + 0.3 * Math.sin(x / 97) * Math.cos(y / 61)
      for (let c = 0; c < 3; c++) {
        grain = Math.imul(grain, 1664525) + 1013904223
        image.data[i++] = light + 0.1 * Math.sin(x / 31 + c) + (grain >> 16) / 3_000_000
      }
    }
  return image
}

/** Processor seconds of each operation, the better of two runs. */
export async function measureImages(edge: number): Promise<Record<string, number>> {
  const image = photograph(edge)
  const mask = channelOf(image, 1)
  const half = (method: ResizeMethod) => () => resizeImage(image, edge / 2, edge / 2, method)
  const png = await encodeImage(image, 0)
  const touchUp = { brightness: 1.1, contrast: 1.2, saturation: 0.9, warmth: 0.1 }
  const operations: Record<string, () => unknown> = {
    invert: () => invert(image),
    'lanczos to half': half('lanczos'),
    'bilinear to half': half('bilinear'),
    'bicubic to half': half('bicubic'),
    'area to half': half('area'),
    'blur radius 8': () => gaussianBlur(image, 8, 1),
    'sharpen radius 1': () => sharpen(image, 1, 1, 1),
    'grow mask 8, tapered': () => growMask(mask, 8, true),
    'grow mask 8, square': () => growMask(mask, 8, false),
    'dilate 9': () => morphology(image, 'dilate', 9),
    canny: () => canny(image, 0.1, 0.3),
    adjust: () => adjustColor(image, touchUp),
    'blend, multiply': () => blendImages(image, image, 'multiply', 0.5),
    'PNG encode': () => encodeImage(image, 0),
    'PNG decode': () => decodePicture(png),
  }
  const seconds: Record<string, number> = {}
  for (const [name, run] of Object.entries(operations))
    seconds[name] = Math.min(await processorSeconds(run), await processorSeconds(run))
  return seconds
}

async function processorSeconds(run: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/**
 * The kernels are chosen as the process starts, so each choice has a process of its own, which is
 * given memory as the engine's is.
 */
function measureApart(edge: number, native: 'on' | 'off'): Record<string, number> {
  const { stdout, status } = spawnSync(
    process.execPath,
    [import.meta.filename, String(edge), '--measure'],
    {
      env: { ...engineAllocation, ...process.env, COMFYRUNNER_NATIVE: native },
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`the measuring process ended with ${status}`)
  return JSON.parse(stdout)
}

if (import.meta.main) {
  const edge = Number(process.argv.find(argument => /^\d+$/.test(argument)) ?? 4096)
  if (process.argv.includes('--measure')) console.log(JSON.stringify(await measureImages(edge)))
  else {
    const [native, js] = [measureApart(edge, 'on'), measureApart(edge, 'off')]
    if (process.argv.includes('--json')) console.log(JSON.stringify({ edge, native, js }))
    else {
      console.log(`${edge} × ${edge} RGB, seconds of processor time`.padEnd(44) + 'native     JS')
      for (const name in native)
        console.log(
          name.padEnd(42) + native[name]!.toFixed(2).padStart(8) + js[name]!.toFixed(2).padStart(7),
        )
    }
  }
}
