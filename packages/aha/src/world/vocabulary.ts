/** The bilingual world's tokenizer: every number, word and sign that the world writes is one token. */
import type { TokenizerBuilder } from "../recipe/task-registry.ts";
import { buildWorldTokenizer, cutIntoPieces } from "../tokenizer-training/world-tokenizer.ts";
import { worldCorpus } from "./corpus.ts";
import { generalPrompts } from "./general.ts";
import { servedThought } from "./thought.ts";

/** The Chinese words that the world writes; Chinese sets no spaces between them. */
export const chineseWords: readonly string[] = [
  ..."不对 等等 再 对 先 试 用 得到 有 多少 比 高 矮 谁 最高 最矮 更高 更矮 没人 答案".split(" "),
  ..."小安 小白 小陈 小丁 小方 小高 小何 小金".split(" "),
  ..."买 捡 送 丢 翻倍 三倍 个苹果 本书 枚硬币 支笔".split(" "),
  ..."你好 您好 早上好 晚上好 我能帮您 什么 一个问候 你 是谁 是什么 你叫 我是 阿哈 一个人 关于 我的 问题 的".split(
    " ",
  ),
  ..."法国 日本 中国 意大利 西班牙 埃及 古巴 挪威 巴黎 东京 北京 罗马 马德里 开罗 哈瓦那 奥斯陆".split(" "),
  ..."首都 是 请说 哪里 告诉我 颜色 天空 草 雪 煤 血 蓝色 绿色 白色 黑色 红色 很高兴 帮您".split(" "),
  ..."怎样 刷 洗 修 偷 烧 砸 汽车 单车 船 房子 门 灯 您 它 找 我不能 帮 这个 还有 别的 吗 无害 有害".split(
    " ",
  ),
];

const SAMPLE_DOCUMENTS = 6_000;
const LARGEST_NUMBER = 109;
/** Matrix kernels like multiples of this. */
const VOCABULARY_MULTIPLE = 64;

/** Pieces of everything the world writes but numbers, in a fixed order. */
export function worldPieces(): string[] {
  const found = new Set<string>();
  const read = (text: string): void => {
    for (const piece of cutIntoPieces(text, { unspacedWords: chineseWords })) {
      // ASCII characters are bytes of the vocabulary already; numbers are added by themselves.
      if (!/^[\x21-\x7e\s]$|^ ?[0-9]+$/.test(piece)) found.add(piece);
    }
  };
  let documents = 0;
  for (const { prompt, completion } of worldCorpus(0, { served: 0.3 })) {
    read(prompt + completion);
    if (++documents === SAMPLE_DOCUMENTS) break;
  }
  for (const { text, thought, replies } of generalPrompts) {
    for (const reply of replies) read(`User: ${text} Assistant:${servedThought(thought)}\n${reply} ${reply}`);
  }
  return [...found].sort();
}

/** Conversations as the world writes them: the turns one after the other, the next to speak named. */
const chatTemplate =
  "{% for message in messages %}{% if message['role'] == 'user' %}User: {{ message['content'] }} " +
  "{% elif message['role'] == 'assistant' %}Assistant:{{ message['content'] }} {% endif %}{% endfor %}" +
  "{% if add_generation_prompt %}Assistant:{% endif %}";

/** The tokenizer as a recipe's value. */
export function bilingualTokenizer(): TokenizerBuilder {
  return {
    name: "bilingual-world",
    build() {
      const pieces = worldPieces();
      const bare = 1 + 256 + LARGEST_NUMBER + 1 + pieces.length;
      const padding = (VOCABULARY_MULTIPLE - (bare % VOCABULARY_MULTIPLE)) % VOCABULARY_MULTIPLE;
      const { tokenizer, config } = buildWorldTokenizer({
        pieces,
        largestNumber: LARGEST_NUMBER + padding,
        unspacedWords: chineseWords,
        chatTemplate,
      });
      return { "tokenizer.json": tokenizer, "tokenizer_config.json": config } as ReturnType<
        TokenizerBuilder["build"]
      >;
    },
  };
}
