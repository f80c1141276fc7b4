// The account functions in this process, called the way the hosted platform calls them.
import { makeApp } from '../functions/_shared/app.ts'
import type { Deps } from '../functions/_shared/deps.ts'

export interface Functions {
  /** Takes `…/functions/v1/account/<path>`. */
  fetch(request: Request): Promise<Response>
  stop(): Promise<void>
}

export function startFunctions(deps: Deps): Functions {
  const app = makeApp(deps)
  return {
    fetch(request) {
      // The platform keeps the function's name in the path and drops what stands before it.
      const url = new URL(request.url)
      url.pathname = url.pathname.replace(/^\/functions\/v1/, '')
      const called = new Request(url, request)
      // Cloudflare's, where nobody else can write it. Tests come from where they like.
      if (!called.headers.has('cf-connecting-ip'))
        called.headers.set('cf-connecting-ip', '127.0.0.1')
      return app.fetch(called)
    },
    stop: () => app.close(),
  }
}
