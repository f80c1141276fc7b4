// The engine process: executes prompts, owns onnxruntime. The host forks it (backends/local-engine.ts);
// it may die at any moment without taking more than its job along.
import { totalmem } from 'node:os'
import { diskFiles } from '../nodes/disk-files.ts'
import { nodeTypes } from '../nodes/index.ts'
import { ResultCache } from './cache.ts'
import { endWithHost } from './host-watch.ts'
import { serveJobs } from './serve-jobs.ts'

endWithHost()
serveJobs(async (config, notice) => {
  // Imported late: onnxruntime takes its time, and the process should be there at once.
  const { modelStore } = await import('../models/store.ts')
  const memory = totalmem()
  // Warms up while nobody waits; whether it can be had is said where it is used.
  setImmediate(() => import('onnxruntime-node').catch(() => {}))
  return {
    nodeTypes,
    cache: new ResultCache({ budgetBytes: memory / 16, limitBytes: memory / 4 }),
    files: diskFiles(config),
    models: modelStore({
      ...config,
      memoryBudgetBytes: config.memoryBudgetBytes || memory / 2,
      notice,
    }),
  }
})
