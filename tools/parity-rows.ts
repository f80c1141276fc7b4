// Measured differences by family of cases, each with the bar it must stay under.
import type { ParityRecord } from '../engine/models/fixtures/parity-record.ts'

export interface Row {
  family: string
  cases: number
  largest: number
  /** The case with the largest difference. */
  worst: string
  bar: number
}

const exact = 0
/** Noise levels. */
const levels = 1e-6
/** One pass through a network. */
const forward = 5e-5
/** A whole run of a sampler. */
const run = 1e-3
/** A picture in bytes. */
const byte = 1 / 255

/** `euler.normal.4`: a sampler, a schedule and steps. */
const isRun = (name: string): boolean =>
  /(normal|karras|exponential|simple|ddim_uniform|beta|sgm_uniform|linear_quadratic|kl_optimal)\.\d/.test(
    name,
  )

/** Golden files, what their cases are called and how near they must be. */
const families: [RegExp, string, (name: string) => number][] = [
  [/^noise$/, 'Noise of PyTorch’s generator', () => exact],
  [/^(sigmas|sigma-lists)$/, 'Noise levels of schedules', () => levels],
  [/^clip_cond$/, 'CLIP text encoder', () => forward],
  [/^ti_cond/, 'Textual inversion', () => forward],
  [/^t5_mini$/, 'T5 text encoder', () => forward],
  [/^qwen25_mini$/, 'Qwen 2.5 text encoder', () => forward],
  [/^clip_vision$/, 'CLIP vision', () => forward],
  [/^unet_tiny$|^unet_full/, 'SD 1.5 UNet', () => forward],
  [/^vae(_tiled)?$|^flux_vae$|^wan_vae$/, 'VAEs', () => forward],
  [/^taesd$/, 'TAESD', () => forward],
  [/^upscale/, 'Upscale models', () => forward],
  [/^loras|^lora_/, 'LoRA kinds', () => forward],
  [/^sdxl_(mini_cond|fullclip_cond)$/, 'SDXL text encoders', () => forward],
  [/^sdxl(_mini_unet|-mini)$/, 'SDXL UNet', () => forward],
  [/^addons$/, 'Add-ons, against diffusers', () => forward],
  [/^mini-starter/, 'The starter model, against PyTorch', () => forward],
  [/^e2e_tiny_128$/, 'Text to picture', name => (name === 'image_u8' ? byte : run)],
  [/^imageops$/, 'Image, mask and latent nodes', () => byte],
  [/^samplers_tiny$/, 'SD 1.5 runs: samplers, areas, masks, inpainting, LoRA', () => run],
  [/^sd3_mini/, 'SD3', name => (isRun(name) ? run : forward)],
  [/^sdxl_mini_e2e$/, 'SDXL runs', () => run],
  [/^inpaint9$/, 'Inpainting models', name => (isRun(name) ? run : forward)],
  [/^controlnet/, 'ControlNet', name => (isRun(name) ? run : forward)],
  [/^flux_/, 'Flux', name => (isRun(name) ? run : forward)],
  [/^lumina2/, 'Lumina 2', name => (isRun(name) ? run : forward)],
  [/^qwen_image/, 'Qwen-Image', name => (isRun(name) ? run : forward)],
]

/** One row for each family and bar; a golden that several tests compare with is one case. */
export function rowsOf(records: readonly ParityRecord[]): Row[] {
  const largest = new Map<string, ParityRecord>()
  for (const record of records) {
    const key = `${record.file} ${record.name}`
    const known = largest.get(key)
    if (!known || record.difference > known.difference) largest.set(key, record)
  }
  const rows = new Map<string, Row & { order: number }>()
  for (const { file, name, difference } of largest.values()) {
    const order = families.findIndex(([pattern]) => pattern.test(file))
    const [, title, barOf] = families[order] ?? [undefined, file, () => forward]
    const bar = barOf(name)
    const key = `${title} ${bar}`
    const row = rows.get(key) ?? { family: title, cases: 0, largest: -1, worst: '', bar, order }
    row.cases++
    if (difference > row.largest) Object.assign(row, { largest: difference, worst: name })
    rows.set(key, row)
  }
  const place = (row: { order: number }) => (row.order === -1 ? families.length : row.order)
  return [...rows.values()]
    .sort((a, b) => place(a) - place(b) || a.bar - b.bar)
    .map(({ order: _, ...row }) => row)
}

const number = (value: number): string => (value === 0 ? '0' : value.toExponential(1))

/** Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ family, cases, largest, worst, bar }) => {
    const what = bar === byte ? `${family} (of 1, bar 1/255)` : family
    const verdict = largest <= bar ? 'yes' : '**no**'
    const shown = largest === 0 ? '' : `\`${worst}\``
    return `| ${what} | ${cases} | ${number(largest)} | ${shown} | ${number(bar)} | ${verdict} |`
  })
  return [
    '| cases | number | largest difference | of | bar | within |',
    '|---|---:|---:|---|---:|---|',
    ...lines,
    '',
  ].join('\n')
}
