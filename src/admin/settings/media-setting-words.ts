import type { Settings } from '../../store/settings'
import type { SettingWords } from './setting-words'

/** Words for the settings of pictures, videos and files. */
export const MEDIA_SETTING_WORDS = {
  base_url: {
    en: 'Public address',
    zh: '对外地址',
    explained: '图片和视频网址的开头，例如 https://groxy.example；留空则使用请求本身的地址。',
  },
  image_format: {
    en: 'Pictures in chats',
    zh: '聊天中的图片',
    explained: '聊天中图片的形式：网址（url），或整张图片的 data: URL（base64）。',
  },
  video_format: {
    en: 'Videos in chats',
    zh: '聊天中的视频',
    explained: '聊天中视频的形式：播放器（html），或网址（url）。',
  },
  image_model: {
    en: 'Model of pictures',
    zh: '默认图片模型',
    explained: '未指定模型的图片请求使用的模型；留空则使用第一个能画图的模型。',
  },
  video_model: {
    en: 'Model of videos',
    zh: '默认视频模型',
    explained: '同上，用于视频。',
  },
  image_method: {
    en: 'How grok.com makes pictures',
    zh: 'grok.com 生成图片的方式',
    explained:
      'grok.com 会话为 /v1/images/generations 生成图片的方式：在聊天中（chat），或通过 Imagine 页面的 WebSocket（imagine）。',
  },
  video_timeout_ms: {
    en: 'Time to make a video',
    zh: '生成视频超时',
    explained: '生成一个视频最多用多久。',
  },
  videos_at_once: {
    en: 'Videos side by side',
    zh: '视频并行数',
    explained: '一个实例同时生成多少个视频，其余的排队等待。',
  },
  media_fetch_timeout_ms: {
    en: 'Time to fetch a video',
    zh: '获取媒体超时',
    explained: '从上游获取一张图片或一个视频总共最多用多久。',
  },
  media_link_hours: {
    en: 'Life of addresses',
    zh: '媒体链接有效期',
    explained: '图片和视频的网址多久内有效，此时网址带签名；0 表示永久有效且不签名。',
  },
  media_cleaning: {
    en: 'Cleaning of media',
    zh: '自动清理媒体',
    explained: '删除超出以下限制的图片和视频、过期的文件和视频任务，以及无人引用的内容。',
  },
  media_cleaning_time: {
    en: 'When media are cleaned',
    zh: '清理时间',
    explained: '何时删除：超出时立即（at_once），或在您所在时区的午夜（nightly）。',
  },
  image_cache_max_mb: {
    en: 'Room for pictures',
    zh: '图片缓存上限',
    explained: '保存的图片合计最多多少 MB，最久未使用的先删除。',
  },
  video_cache_max_mb: {
    en: 'Room for videos',
    zh: '视频缓存上限',
    explained: '同上，用于视频。',
  },
  media_object_max_mb: {
    en: 'Largest picture or video',
    zh: '单个媒体上限',
    explained: '可以保存的最大图片或视频（MB）；更大的每次直接从上游转送。',
  },
  media_max_age_days: {
    en: 'Days of pictures and videos',
    zh: '媒体保留天数',
    explained: '图片和视频生成后保留多久；0 表示不限。',
  },
  video_days: {
    en: 'Days of video jobs',
    zh: '视频任务保留天数',
    explained: '视频任务从提交起保留多久。',
  },
  file_max_mb: {
    en: 'Largest file',
    zh: '单个文件上限',
    explained: '/v1/files 接受的最大文件（MB）。',
  },
  files_max_mb: {
    en: 'Files of one key',
    zh: '每个密钥的文件总量',
    explained: '一个密钥的文件合计最多多少 MB。',
  },
  file_max_days: {
    en: 'Days of files',
    zh: '文件保留天数',
    explained: '文件保留多久；0 表示直到被删除或按自身期限过期。',
  },
} as const satisfies Partial<Record<keyof Settings, SettingWords>>
