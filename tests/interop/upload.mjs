// Uploads a file with tus-js-client as it comes from npm: node upload.mjs <endpoint> <file> <headers as JSON> [purpose]
import { createReadStream, statSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../web_client/package.json', import.meta.url))
const { Upload } = require('tus-js-client')
const [endpoint, path, headers, purpose = 'import_workbook'] = process.argv.slice(2)

const upload = new Upload(createReadStream(path), {
  endpoint,
  headers: JSON.parse(headers),
  uploadSize: statSync(path).size,
  chunkSize: 8 * 1024 * 1024, // held in memory, so that it can be sent again from where it broke
  retryDelays: [50, 50, 50, 50, 50],
  metadata: { filename: purpose === 'video' ? '浮力.mp4' : '课表.csv', purpose },
  onSuccess: () => process.stdout.write(upload.url.split('/').pop()),
  onError: (error) => {
    process.stderr.write(String(error))
    process.exit(1)
  },
})
upload.start()
