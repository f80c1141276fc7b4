// What the server says of itself, and the small answers that ComfyUI's clients ask for at the start.
import { freemem, totalmem } from 'node:os'
import { Hono } from 'hono'
import { isObject, type JsonObject } from '../../graph/json.ts'
import { uploadLimitBytes } from '../assets.ts'
import type { Host } from '../host.ts'
import { appVersion, comfyuiVersion } from '../version.ts'
import { bodyOf, empty, json, serverError } from './answers.ts'

export const features: JsonObject = {
  supports_preview_metadata: true,
  max_upload_size: uploadLimitBytes,
}

/** Python's `os.name`-like words that clients look for. */
const osNames: Partial<Record<NodeJS.Platform, string>> = {
  win32: 'nt',
  linux: 'posix',
  darwin: 'posix',
}

export function systemRoutes(host: Host): Hono {
  const routes = new Hono()
  const { settings } = host.store
  routes.get('/system_stats', () =>
    json({
      system: {
        os: osNames[process.platform] ?? process.platform,
        ram_total: totalmem(),
        ram_free: freemem(),
        comfyui_version: comfyuiVersion,
        comfyrunner_version: appVersion,
        python_version: `none (Node ${process.versions.node})`,
        pytorch_version: 'none (onnxruntime)',
        embedded_python: false,
        argv: [],
      },
      devices: [
        {
          name: host.engine.provider,
          type: host.engine.provider,
          index: 0,
          vram_total: totalmem(),
          vram_free: freemem(),
          torch_vram_total: totalmem(),
          torch_vram_free: freemem(),
        },
      ],
    }),
  )
  routes.get('/features', () => json(features))
  routes.get('/extensions', () => json([]))
  routes.get('/workflow_templates', () => json({}))
  routes.get('/users', () => json({ storage: 'server', migrated: true }))
  routes.get('/settings', () => json(settings.comfy()))
  routes.get('/settings/:id', ({ req }) => json(settings.comfy()[req.param('id')] ?? null))
  routes.post('/settings', async ({ req }) => {
    const body = await bodyOf(req.raw)
    if (!isObject(body)) return serverError()
    settings.setComfy({ ...settings.comfy(), ...body })
    return empty()
  })
  routes.post('/settings/:id', async ({ req }) => {
    const body = await bodyOf(req.raw)
    if (body === undefined) return serverError()
    settings.setComfy({ ...settings.comfy(), [req.param('id')]: body })
    return empty()
  })
  return routes
}
