// Every program from one file: `vite build` makes the page, `vite build --app` the packaged programs too.
import { builtinModules } from 'node:module'
import { resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const at = (path: string) => resolve(import.meta.dirname, path)

/** Native modules and Electron stay outside the bundles; everything else goes in. */
const external = [
  ...builtinModules,
  /^node:/,
  'electron',
  'better-sqlite3',
  'onnxruntime-node',
  'sharp',
]

const program = (name: string, entry: string, format: 'es' | 'cjs' = 'es') => ({
  consumer: 'server' as const,
  resolve: { noExternal: true as const },
  build: {
    outDir: at('dist'),
    emptyOutDir: false,
    target: 'node24',
    sourcemap: true,
    ssr: true,
    rolldownOptions: {
      input: { [name]: at(entry) },
      external,
      // Side by side in dist/, since programs find each other there (backends/fork-worker.ts).
      output: {
        format,
        entryFileNames: format === 'cjs' ? '[name].cjs' : '[name].mjs',
        chunkFileNames: 'parts/[name]-[hash].mjs',
      },
    },
  },
})

export default defineConfig({
  root: at('renderer'),
  plugins: [react(), tailwindcss()],
  builder: {
    buildApp: async builder => {
      for (const environment of Object.values(builder.environments))
        await builder.build(environment)
    },
  },
  environments: {
    client: {
      build: {
        outDir: at('dist/renderer'),
        emptyOutDir: true,
        target: 'es2024',
        // One page, loaded from the same machine.
        chunkSizeWarningLimit: 2000,
      },
    },
    main: program('main', 'electron/main/index.ts'),
    preload: program('preload', 'electron/preload/index.ts', 'cjs'),
    engine: program('engine', 'engine/run/worker.ts'),
    cli: program('cli', 'engine/host/cli.ts'),
  },
  test: {
    root: import.meta.dirname,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{engine,electron,renderer,native,tools}/**/*.test.{ts,tsx}'],
          environment: 'node',
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          // Against a real PostgreSQL and the rest of the cloud on this machine (supabase/local).
          name: 'cloud',
          include: ['supabase/**/*.test.{ts,tsx}'],
          // A folder named esm makes Vitest take it for source and transform all of it.
          server: { deps: { external: [/\/node_modules\/stripe\//] } },
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          server: { deps: { external: [/\/node_modules\/stripe\//] } },
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
