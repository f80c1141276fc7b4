// The engine process as Node starts it, from the sources and from a bundle.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** From the sources the worker is a TypeScript file; for a bundle, one of `dist/parts`, it is `dist/engine.mjs`. */
const workerPath = () => {
  const here = import.meta.url
  const worker = here.endsWith('.ts') ? '../run/worker.ts' : '../engine.mjs'
  return fileURLToPath(new URL(worker, here))
}

/**
 * For glibc, which otherwise keeps what networks have freed: half a gigabyte after a picture of a
 * model that was let go. https://man7.org/linux/man-pages/man3/mallopt.3.html
 * With large pages the system spends a third of the time on handing memory out.
 * https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html
 */
export const engineAllocation = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '1000000',
  MALLOC_TRIM_THRESHOLD_: '1000000',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
}

export const forkWorker = (): ChildProcess =>
  fork(workerPath(), [], {
    execArgv: [],
    env: { ...engineAllocation, ...process.env },
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
