// `npm run -s comfyrunner -- …`: the command line under Node 24.
import { join } from 'node:path'
import { node24, root } from './node24.mjs'

process.exitCode = await node24([join(root, 'engine/host/cli.ts'), ...process.argv.slice(2)])
