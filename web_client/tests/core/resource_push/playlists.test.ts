import { describe, expect, it } from 'vitest'
import { chosenTracks, mediaFiles, readdressed, sliced } from '../../../src/core/resource_push/playlists'

const MAIN = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="main",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="opus",NAME="main",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="o.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,CODECS="avc1.4d,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=5.000,AUDIO="aac"
v360.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,CODECS="avc1.4d,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=5.000,AUDIO="aac"
v1080.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,CODECS="avc1.4d,opus",RESOLUTION=640x360,FRAME-RATE=5.000,AUDIO="opus"
v360.m3u8
`
const MEDIA = `#EXTM3U
#EXT-X-MAP:URI="v.mp4",BYTERANGE="800@0"
#EXTINF:4.000000,
#EXT-X-BYTERANGE:1000@800
v.mp4
#EXTINF:2.500000,
#EXT-X-BYTERANGE:500@1800
v.mp4
#EXT-X-ENDLIST
`

describe('playlists', () => {
  it('one size that fits, with sound that plays', () => {
    expect(chosenTracks(MAIN, () => true)?.playlists).toEqual(['a.m3u8', 'v360.m3u8'])
    expect(chosenTracks(MAIN, (codecs) => codecs.includes('opus'))?.playlists).toEqual(['o.m3u8', 'v360.m3u8'])
    expect(chosenTracks(MAIN, () => false)).toBeNull()
    const text = chosenTracks(MAIN, () => true)?.text ?? ''
    expect(text).not.toContain('o.m3u8')
    expect(readdressed(text, (name) => `blob:${name}`)).toContain('URI="blob:a.m3u8"')
    expect(readdressed(text, (name) => `blob:${name}`)).toContain('\nblob:v360.m3u8')
  })

  it('segments become addresses of their own', () => {
    expect(mediaFiles(MEDIA)).toEqual(['v.mp4'])
    const list = sliced(MEDIA, (name, bytes) => `${name}/${String(bytes?.from)}+${String(bytes?.length)}`)
    expect(list).not.toContain('BYTERANGE')
    expect(list.split('\n').filter((one) => one.includes('v.mp4'))).toEqual([
      '#EXT-X-MAP:URI="v.mp4/0+800"',
      'v.mp4/800+1000',
      'v.mp4/1800+500',
    ])
  })
})
