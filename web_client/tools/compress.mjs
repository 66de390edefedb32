/**
 * Writes a gzip and a brotli file beside each text that Vite built. The server and nginx (`gzip_static`,
 * `brotli_static`) send them, so nothing is compressed while a lesson runs.
 */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const TEXTS = new Set(['.js', '.css', '.svg', '.json', '.txt', '.wasm'])
const LEAST_BYTES = 1024 // below this the headers are as large as what is saved

const brotli = (text) =>
  brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    },
  })

/** Compresses what lies below a folder; gives the bytes before and after. */
export function compressFolder(folder) {
  const sizes = { plain: 0, gzip: 0, brotli: 0 }
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name)
    if (!TEXTS.has(extname(path)) || !statSync(path).isFile()) continue
    const text = readFileSync(path)
    if (text.length < LEAST_BYTES) continue
    const made = { gzip: gzipSync(text, { level: 9 }), brotli: brotli(text) }
    writeFileSync(`${path}.gz`, made.gzip)
    writeFileSync(`${path}.br`, made.brotli)
    sizes.plain += text.length
    sizes.gzip += made.gzip.length
    sizes.brotli += made.brotli.length
  }
  return sizes
}

function main() {
  const dist = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')
  const { plain, gzip, brotli } = compressFolder(dist)
  const kB = (bytes) => `${Math.round(bytes / 1000)} kB`
  process.stdout.write(`compressed: ${kB(plain)}, gzip ${kB(gzip)}, brotli ${kB(brotli)}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
