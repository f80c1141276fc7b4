// Numbers with units, times and sizes as people read them.

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** `3.1 GB`; `0 bytes` and `12 bytes` below a kilobyte. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** A machine's memory as it is sold: `24 GB` for 24 × 2³⁰ bytes. */
export const formatMemory = (bytes: number): string => `${Math.round(bytes / 2 ** 30)} GB`

/** `320 ms`, `2.1 s`, `3 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** `just now`, `5 min ago`, `Today 14:03`, else the date. */
export function formatTime(timeMs: number, nowMs = Date.now()): string {
  const ageMs = nowMs - timeMs
  if (ageMs < 60_000) return 'just now'
  if (ageMs < 3_600_000) return `${Math.floor(ageMs / 60_000)} min ago`
  const date = new Date(timeMs)
  const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  if (date.toDateString() === new Date(nowMs).toDateString()) return `Today ${time}`
  return `${date.toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' })} ${time}`
}

const providers: Record<string, string> = {
  cpu: 'CPU',
  cuda: 'NVIDIA GPU',
  dml: 'GPU by DirectML',
  coreml: 'Apple Core ML',
  webgpu: 'GPU by WebGPU',
}

/** Where networks are computed, in words. */
export const providerWords = (provider: string): string =>
  providers[provider.toLowerCase()] ?? provider
