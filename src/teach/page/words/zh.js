// 本页的全部中文文本。其他语言各有一个文件，键名相同。

const cls = (k) => `类 ${k}`;

export const zh = {
  code: 'zh',
  name: '中文',
  title: '损失最终停在哪里',
  cls,
  group: (number) => `第 ${number} 组`,
  aria: { scenes: '场景', tools: '页面', panel: '结论与控件', presets: '预设', controls: '控件', stage: '图' },
  tools: {
    reset: ['重置', '回到场景的初始状态'],
    undo: ['撤销', '退回一步'],
    link: ['复制链接', '可重现当前画面的链接'],
    copied: '已复制',
    address: '请见地址栏',
    design: ['保存设计', '供 equipoise run 使用的设计文件'],
    slide: ['保存幻灯片', '把场景存为幻灯片 (SVG)'],
    deck: ['保存全部幻灯片', '每个场景一张幻灯片，合成一页，可放映或打印'],
    keep: ['离线保存', '把本页保存在此设备上，没有网络时也能使用'],
    kept: '已离线保存',
    notKept: '无法保存',
    tour: ['导览', '五步了解本页'],
    quiz: ['测验', '先预测，再揭晓'],
    projector: ['投影', '适合投影幕布的大字'],
    theme: ['深色／浅色', '深色或浅色'],
    language: '本页的另一种语言',
  },
  save: { picture: '保存为 SVG' },
  status: {
    none: '无解',
    gradient: '，梯度最大分量 ',
    end: '。',
    of: (name) => `${name}：`,
    stationary: '驻点',
    stopped: '提前停止',
    gone: '程序没有应答。`equipoise teach` 还在运行吗？',
    noSolver: '此浏览器无法运行求解器，请使用较新的版本',
    tooLong: '用时过长，请减小问题规模。',
    upset: '求解器在这个问题上出错，请作些改动',
    options: '以 -- 开头的是命令行选项；在本页请使用控件或修改文件。',
  },
  losses: { logistic: '逻辑损失 (LGL)', softmax: 'softmax (SML)', inr: '重加权逻辑损失 (LGL-INR)' },
  lossLines: { logistic: ['逻辑损失', 'LGL'], softmax: ['softmax', 'SML'], inr: ['重加权', 'LGL-INR'] },
  ledger: { out: (name) => `${name} 流出`, into: (name) => `${name} 流入`, unit: '加权样本数', worst: '最大相对差：' },
  columns: {
    axis: '目标类的平均概率 P[c][0]',
    says: (hardest, average) => `最难 ${hardest}，平均 ${average}`,
  },
  plane: { handle: (k) => `类 ${k} 的中心；可用方向键移动` },
  triangle: {
    handle: '期望的流出量；可用方向键移动',
    corner: (name) => `全部流出 ${name}`,
    share: (share) => `占 ${share}`,
    admissible: '可行域',
  },
  matrix: {
    rows: '真实类 c',
    columns: '预测类 k',
    own: '自身类的平均概率',
    cell: (row, column, value) => `${row} 的样本属于 ${column} 的概率：${value}。点击查看。`,
  },
  effects: {
    rows: '增大权重的类',
    columns: '自身平均概率变化的类',
    raises: (weight, other) => `增大 ${weight} 的权重会提高 ${other}`,
    lowers: '每个权重都会降低所有其他类',
  },
  tour: {
    next: '下一步',
    end: '完成',
    step: (step, all) => `第 ${step} 步，共 ${all} 步`,
    steps: [
      ['#two-classes', '#claim', '每个场景展示一个结论。这里：仅由样本数与权重就决定了两个平均误差之比。'],
      ['#two-classes', '#picture-plane', '拖动类中心，或选中后按方向键。每次移动都会重新求解，直到梯度为零。'],
      ['#two-classes?w=10', '#picture-errors', '现在每个正例计十次。两个平均误差相等：短线是定律给出的位置。'],
      ['#two-classes?c0=-4,0&c1=4,0', '#status', '若一条直线能分开两类，没有惩罚项就无解，页面会如实说明。加大惩罚即可得到解。'],
      ['#two-classes', '#tools', '可以复制任一状态的链接，为命令行保存设计，或者先作预测（测验）。'],
    ],
  },
  quiz: {
    question: (number, all) => `第 ${number} 题，共 ${all} 题`,
    predict: '你的预测',
    reveal: '揭晓',
    next: '下一题',
    says: (predicted, found) => `你的预测是 ${predicted}，实际是 ${found}。`,
    found: (found) => `实际是 ${found}。`,
  },
  scenes: {
    twoClasses: {
      name: '两类',
      claim: `<p>在逻辑损失梯度为零处，正例缺少的概率等于负例多出的概率：</p>
<p class="law">$λ_1 N_1 s_1 = λ_0 N_0 P_0$，故 $s_1 / P_0 = {λ_0 N_0}/{λ_1 N_1}$</p>
<p>$s_1$ 是正例平均缺少的概率，$P_0$ 是负例平均多出的概率。重叠程度决定二者的大小，样本数与权重单独决定二者之比。拖动类中心：比值不变。没有惩罚项时，两类的残差加权质心（点与圆环）总是重合。</p>`,
      controls: { n0: '负例数 N₀', n1: '正例数 N₁', w: '正例权重 λ₁（λ₀ = 1）', penalty: '系数的惩罚 (l2)' },
      pictures: {
        plane: '样本、决策线、残差加权质心',
        apart: '样本，以及将其分开的一条线（虚线）',
        errors: '两个平均误差，以及定律给出的第一个误差的位置',
        ledger: '收支：正例缺少的，就是负例多出的',
      },
      rows: { s1: '正例 s₁', p0: '负例 P₀', meanError: '平均误差' },
      and: '，λ₀N₀ / λ₁N₁ = ',
      centroids: '质心间距（相对于散布）：',
      recall: '正例召回率 ',
      accuracy: '，准确率 ',
      says: (x, y) => `平面上的两类；负例的残差加权质心位于 ${x}, ${y}`,
      presets: {
        start: ['1 : 10', '负例是正例的十倍：无论重叠多少，正例的平均误差都是负例的十倍 (B2)。'],
        balanced: ['反频率', 'λ₁ = N₀ / N₁：两个平均误差相等 (B3)，大小大致由重叠决定。'],
        overlap: ['重叠很多', '两类更近：误差增大到 0.86 与 0.086，比值仍是十。'],
        heavy: ['权重过大', 'λ₁ = 100：现在负例的误差是正例的十倍。'],
        apart: ['分开', '一条直线分开了两类：不存在有限的极小点，求解器如实说明，而不是返回巨大的系数。'],
        penalised: ['分开，有惩罚', '同样的两类，加上惩罚：解重新存在，定律对它成立，因为截距不受惩罚。'],
      },
      quiz: [
        ['400 个负例，40 个正例，无权重。正例的平均误差是负例的多少倍（s₁ / P₀）？', {}, 'error_ratio'],
        ['每个正例的权重为 10 时呢？', { w: 10 }, 'error_ratio'],
        ['把两类拖到几乎重合。没有权重时，现在是多少？', { c0: [-0.1, 0], c1: [0.1, 0] }, 'error_ratio'],
      ],
    },
    threeClasses: {
      name: '三类',
      claim: `<p>softmax 也使每一类收支平衡：流出等于流入 (B5)。但三类时还留有许多自由：</p>
<p class="law">$u_k ≤ Σ_{j≠k} u_j$ 是权重对流出量的全部约束 (I3)</p>
<p>流出份额可以充满阴影三角形。相同的样本数与权重可以停在其中任何一处，这取决于哪些类重叠。权重对自身类的作用多为正；对其他类则可正可负。</p>`,
      controls: {
        data: '数据', drawn: '在平面上', built: '按三角形中的位置构造', weights: '权重', balanced: '反频率', byHand: '手动',
        weight: (k) => `类 ${k} 的权重`, size: (k) => `类 ${k} 的样本数`, penalty: '系数的惩罚 (l2)',
      },
      pictures: {
        plane: '样本与区域',
        groups: '各类样本，同组样本特征相同',
        triangle: '谁的概率被扣留：占总流出的份额',
        matrix: '平均概率 P[c][k]',
        effects: '各权重的作用：dP[k][k] / d log λ',
        ledger: '收支：每一类流出等于流入',
      },
      hints: { plane: '；可拖动类中心' },
      presets: {
        start: ['开始', '反频率权重使 P 的行和与列和都为一 (I2)，但不约束任何对角元。拖动一个中心，看三角形。'],
        one: ['0 与 1 分担', '同样的样本数与权重，三种结果（1/3）：构造为类 0 与类 1 重叠，类 2 几乎保留全部概率。'],
        two: ['0 与 2 分担', '同样的样本数与权重，三种结果（2/3）：现在类 0 与类 2 重叠，类 1 独处。'],
        three: ['1 与 2 分担', '同样的样本数与权重，三种结果（3/3）：权重说不出谁的概率被扣留。可把虚线圆环拖到任何位置。'],
        rival: ['帮助对手', '增大类 2 的权重（最后一行）也提高了类 0：共同的对手类 1 让步时，二者都受益。由搜索得到；随机数据中少见。'],
      },
      quiz: [['样本数不等的三类，反频率权重。各类流出与流入的最大相对差是多少？', {}, 'residual']],
    },
    averaging: {
      name: '平均效应',
      claim: `<p>一对多逻辑损失 (LGL) 只约束对其他类的平均：</p>
<p class="law">$N_k s_k = (N − N_k) P̄_k$ (A1)</p>
<p>与目标相似的稀有类（圆环）可能有很高的目标概率，而容易的类把平均值（虚线）压低。LGL-INR（重加权）按难度给其他类加权，因此 β 大时最难的类本身也受约束：$max P ≤ s_k + {log(K − 1)}/{β}$（R3，分离形式）。SML 即 softmax 损失。</p>`,
      controls: {
        design: '容易类的位置', room: '各在一个方向', ring: '围绕目标成环', easy: '容易类的个数', hard: '困难类的样本数',
        distance: '困难类的距离', radius: '环的半径', beta: 'LGL-INR 的锐度 β',
      },
      pictures: {
        columns: '其他类样本的目标概率：最难类（圆环）与样本平均（虚线）',
        recall: '困难类的召回率', recallTarget: '目标类的召回率', shortfall: '目标类自身的欠缺 s₀',
        regions: (name) => `${name} 的区域`,
      },
      units: { recall: '召回率', withheld: '平均缺少的概率' },
      hardest: '：最难 ',
      average: '，平均 ',
      presets: {
        start: ['开始', '困难类有 20 个样本，距离两个标准差；三个容易类各 200 个：LGL 的平均低，最难高。'],
        easy: ['更多容易类', 'softmax 的平均降到百分之一，最难类不变 (A3)。LGL 的列则放弃目标的一半 (s₀)，最难类随之下降。'],
        zero: ['β = 0', '没有锐度的 LGL-INR：对各类的普通平均。召回率的提高大半已在此，源于按类而非按样本计数。'],
        sharp: ['β = 20', '更锐：LGL-INR 的圆环降到约束允许的高度。没有权重的 softmax 介于 LGL 与 LGL-INR 之间。'],
        ring: ['没有空间', '目标在环内 (A4)：一列围不住它。其欠缺在 LGL 下为 0.889，在 softmax 下为 0.198。'],
        ringSharp: ['没有空间，β = 20', '修正有其极限 (R4)：没有空间时，大 β 把目标与其他类都推向一半。'],
      },
      quiz: [
        ['逻辑损失，目标 200 个样本，困难类 20 个，三个容易类各 200 个。困难类样本的平均目标概率是多少？', {}, 'hardest-0'],
        ['对所有其他样本的平均呢？', {}, 'pooled-0'],
      ],
    },
    batches: {
      name: '小批量',
      claim: `<p>重加权逻辑损失 (LGL-INR) 是对<em>批内</em>每一类的样本取平均。在小批量中它是另一个损失：</p>
<p class="law">批大小为 $B$ 的 LGL-INR = 成对权重随 $B$ 而变的逻辑损失（M1、M2；β = 0）</p>
<p>$B$ = 1 时就是普通逻辑损失 (LGL)；$B$ = $N$ 时与公式一致，其平衡 (R1) 成立。介于其间时，即使已在自身损失的极小点，R1 也不成立。带反频率权重的 softmax 不随批大小而变 (M3)。</p>`,
      controls: { batch: '批大小 B', common: '每个常见类的样本数', rare: '稀有类的样本数', radius: '各类所在环的半径' },
      rare: '稀有类',
      pictures: { recall: '新样本上稀有类的召回率', residual: '全体样本的平衡 R1 偏差多少', regions: (name) => `${name} 的区域` },
      inBatches: (batch) => `LGL-INR，B = ${batch}`,
      balanced: 'softmax，反频率',
      units: { recall: '召回率，新样本', residual: '两侧的相对差' },
      own: '自身损失的平衡偏差 ',
      presets: {
        start: ['B = 8', '从 906 个样本中每批取八个：稀有类（6 个样本）很少入批，损失几乎不计它。'],
        one: ['B = 1', '一次一个样本：无论公式怎样承诺，恰为普通逻辑损失。'],
        many: ['B = 128', '每批 128 个时，多数批含有稀有类的样本，其召回率接近整体。'],
        whole: ['B = N', '全部样本为一批：R1 精确成立。'],
      },
      quiz: [
        ['每批一个样本。LGL-INR 下稀有类（906 个中的 6 个）的召回率是多少？', { batch: 1 }, 'recall-0'],
        ['全部样本为一批。现在呢？', { batch: 1000 }, 'recall-0'],
      ],
    },
    separable: {
      name: '可分',
      claim: `<p>当一条直线分开两类时，损失本身没有极小点；惩罚项从中选出一个。惩罚趋于零时，直线趋于间隔最大的那条：</p>
<p class="law">$l2 → 0$ 时所有类权重给出同一条线（S1、S3）</p>
<p>三个分类头只有正例权重不同：1、反频率、100。减小惩罚，它们便重合。把两类拖到重叠：无论惩罚多大，权重又起作用。</p>`,
      controls: { penalty: '惩罚 l2', n0: '负例数', n1: '正例数' },
      pictures: { plane: '三种权重的决策线', recall: '新样本上正例的召回率', shortfall: '正例的欠缺 s₁' },
      hints: { plane: '；可拖动类中心' },
      weights: { none: '权重 1', balanced: '反频率', heavy: '权重 100' },
      units: { recall: '召回率，新样本', shortfall: '平均缺少的概率' },
      spread: '三种权重的召回率相差 ',
      presets: {
        start: ['l2 = 0.01', '在这个惩罚下，权重仍会移动直线，召回率随之改变。'],
        small: ['l2 = 10⁻⁶', '惩罚更小：三条线靠拢。'],
        tiny: ['l2 = 10⁻¹²', '几乎没有惩罚：三种权重同一条线。欠缺仍不同，但只差尺度：权重改变的是把握程度，而非判断。'],
        overlap: ['重叠', '惩罚相同，但两类重叠：权重又起作用。'],
      },
      quiz: [
        ['可分的两类，l2 = 10⁻¹²。权重 1 与 100 在新样本上的召回率相差多少？', { penalty: 1e-12 }, 'spread'],
        ['重叠的两类，惩罚相同。现在呢？', { penalty: 1e-12, c0: [-0.8, 0], c1: [0.8, 0] }, 'spread'],
      ],
    },
    heldOut: {
      name: '新样本',
      claim: `<p>平衡是训练样本的定律。在新样本上，它只在偶然误差与偏差之内成立；偏差来自对每个样本自身的拟合：</p>
<p class="law">$D_k = Σ_c m_c P[c][k] − m_k$ 在训练中为零；在新样本上其均值就是偏差（T1、T2）</p>
<p>横线是由偶然性给出的 95% 区间；竖线是仅由训练样本的留一步预测的偏差。反复抽取：特征少时区间含零，特征多时区间移向竖线。</p>`,
      controls: { features: '特征数 d', n1: '正例数（负例 300）', weights: '权重', none: '无', balanced: '反频率', penalty: '惩罚 l2', seed: '抽取编号' },
      pictures: { balance: '正例的 D：训练样本，以及同样多的新样本', training: '训练样本的 P[c][k]', fresh: '新样本的 P[c][k]' },
      rows: { training: '训练', fresh: '新样本', unit: 'D₁，加权样本数' },
      reads: ['新样本上的 D：', '，预测的偏差 ', '，偶然标准差 '],
      presets: {
        start: ['特征少', '两个特征，120 个正例：新样本上的偏离出于偶然，第 1 至 100 次抽取中有 92 次区间含零。可换几次看看。'],
        many: ['特征多', '40 个特征，30 个正例：分类头记住了样本。如竖线所预测，新的正例缺少的概率比训练中多。'],
        penalised: ['有惩罚', '惩罚较大时对单个样本的拟合较弱：竖线移向零。'],
      },
      quiz: [['两个特征。训练样本上正例的 D 是多少？', {}, 'training-balance']],
    },
    notConverged: {
      name: '未收敛',
      claim: `<p>定律在梯度为零处成立，而不是在损失不再变化处。</p>
<p class="law">驻点：每一类流出等于流入</p>
<p>手动走梯度下降（带线搜索）。在极小点附近，损失的偏差是收支偏差的平方：当谁也看不出损失变化时，平衡仍差百分之一。本页其余部分所用的牛顿法则精确到舍入误差。</p>`,
      controls: { steps: '梯度下降步数', n0: '负例数', n1: '正例数', byHand: '手动走步', back: '退一步', one: '一步', ten: '十步', hundred: '一百步' },
      pictures: { loss: '损失高出极小值的相对量', balance: '平衡偏差多少', ledger: '这一步的收支', plane: '这一步的决策线，以及极小点处的决策线（虚线）' },
      axes: { step: '步', excess: '相对超出', residual: '相对残差' },
      descent: '梯度下降',
      newton: '牛顿法',
      reads: ['第 ', ' 步：损失 ', '极小点处 ', '平衡偏差 '],
      presets: {
        start: ['十步', '十步：损失比最终值高出一半，流出是流入的两倍。'],
        done: ['看似完成', '损失距极小值不到万分之二，两条线几乎重合；收支仍差百分之一。'],
        thousand: ['一千步', '损失准确到十位，平衡到五位：每一步都只有一半的位数。'],
      },
      quiz: [['300 步之后，损失距极小值不到万分之二。平衡的相对偏差是多少？', { steps: 300 }, 'balance']],
    },
    digits: {
      name: '真实数字',
      claim: `<p>定律对数据没有要求。这里的特征是手写数字的 8 × 8 像素：</p>
<p class="law">每个数字的流出 = 流入，精确到舍入误差</p>
<p>减少一个数字的样本，看它的平均概率下降；用反频率加权，看 P 的行和与列和为一。选择矩阵中的一项，查看背后的图像。</p>`,
      controls: {
        digits: '数字', count: '每个数字的图像数', thin: '减少样本的数字', none: '无', left: '剩余图像数', loss: '损失', inr: 'LGL-INR，β = 5',
        weights: '权重', noWeights: '无', balanced: '反频率', penalty: '系数的惩罚 (l2)',
      },
      pictures: { matrix: '平均概率 P[c][k]', ledger: '收支：流出等于流入', images: '图像' },
      hints: { matrix: '；选择一项查看图像' },
      surest: (digit) => `最确定是 ${digit} 的 ${digit}，附概率`,
      like: (digit, other) => `在分类头看来最像 ${other} 的 ${digit}，附概率`,
      presets: {
        start: ['少量的 8', '3 与 9 之间只有十五个 8：其自身平均概率落后。图像是最像 3 的 8。'],
        weighted: ['加权', '反频率权重：P 的行和与列和为一 (I2)；对角元仍不均匀。'],
        all: ['全部十个', '全部数字各 100 幅，8 只有 15 幅：8 的列很浅，但收支照样平衡。'],
        against: ['一对多', '换成一对多逻辑损失 (LGL)：各列平衡，但 P 的行和不再必为一。'],
      },
      quiz: [['15 个 8，3 与 9 各 150 个，softmax。各数字流出与流入的最大相对差是多少？', {}, 'residual']],
    },
    losses: {
      name: '损失函数',
      claim: `<p>每个损失对样本的每个 logit 都有梯度。当它们在每个 logit 上相互抵消时，梯度为零：平衡定律只由斜率得出。</p>
<p class="law">对每一类 $k$：$Σ_i {∂ℓ_i}/{∂z_i^k} = 0$</p>
<p>样本属于三类（100、30、10 个样本）之一；除移动的那个外，其余 logit 为零。LGL-INR 是类与类之间的加权，单个样本看不出来。</p>`,
      controls: { shown: (most) => `损失（最多 ${most} 个）`, class: '样本的类（100、30、10）', moved: '移动的 logit', own: '自身', other: '另一类' },
      pictures: { value: '单个样本的损失', gradient: '斜率：小于零时下降法提高 logit，大于零时降低', legend: '损失及其定律' },
      axes: { logit: 'logit z，其余为零', loss: '损失 ℓ', slope: '∂ℓ/∂z' },
      heads: ['损失', '说明', '单个样本', '梯度为零时的定律'],
      presets: {
        start: ['开始', '焦点损失放过已分对的样本：其斜率比 softmax 更早消失。'],
        shifted: ['平移', '按类的稀有程度平移 logit 的损失：同一条曲线，更靠右。'],
        rival: ['对手类', '频繁类怎样压低稀有类的 logit：均衡损失与跷跷板损失有所克制。'],
        smoothing: ['平滑', '越过平滑标签的目标后斜率变号，损失有最低点。'],
      },
    },
    ownData: {
      name: '你的数据',
      claim: `<p>把 CSV 文件拖到这里。它只在本页中读取和求解，不会去往别处。</p>
<p class="law">你自己的表格中每一类的流出 = 流入</p>
<p>可以在其上求解一个损失，寻找使各类欠缺或召回率相等的类权重，或审查你训练过的模型的得分：与标签同列的 logit 或概率。</p>`,
      limits: '最多 4 MB、20,000 行、64 个特征（文本列变为 0/1 列）、12 类，行数、特征数与类数之积至多 2,000,000。更大的请用 equipoise solve、weights、audit。',
      drop: '把 CSV 文件拖到这里，或选择一个：',
      pick: '选择文件',
      example: '或用一个真实表格：215 名患者的化验结果，甲状腺的三种状态（D. Coomans，UCI，CC BY 4.0）',
      tooLarge: (name, bytes) => `${name} 有 ${bytes} 字节；本页最多 4,000,000（equipoise solve 可以更多）。`,
      notText: (name) => `${name} 不是 UTF-8 文本。请另存为 UTF-8 编码、未压缩的 CSV；equipoise solve 能读其他文件。`,
      waiting: '还没有表格。',
      invitation: '把 CSV 文件拖到本页任意处，或使用真实表格。',
      controls: {
        label: '标签列', ask: '提问', solve: '求解', weights: '寻找权重', audit: '审查得分', loss: '损失',
        classWeights: '权重', none: '无', balanced: '反频率', penalty: '惩罚 l2', standardize: '特征', standard: '标准化', plain: '原样',
        missing: '缺失值', refuse: '拒绝', drop: '去掉该行', indicator: '加指示列',
        target: '使其相等', shortfalls: '欠缺', recalls: '召回率', scores: '得分是', logits: 'logit', probabilities: '概率',
        features: '使用', all: '全部特征', two: '两个，以看区域', x: '横轴', y: '纵轴',
      },
      pictures: { matrix: '平均概率 P[c][k]', ledger: '收支：流出等于流入', plane: '样本与区域', report: '文字说明' },
      classes: '逐类',
      heads: { class: '类', samples: '样本数', weight: '权重', shortfall: '欠缺', before: '原欠缺', recall: '召回率', recallBefore: '原召回率' },
      separable: '可分：不存在有限的极小点；',
      failed: '未收敛：',
      unattainable: '没有这样的权重：',
      accuracy: '准确率 ',
      presets: { start: ['求解', '求解到梯度为零的分类头：平衡、平均概率与准确率。'], weights: ['寻找权重', '使每一类缺少同样平均概率的类权重。'], audit: ['审查', '留下这些得分的训练收敛了吗？哪一类最差？'] },
    },
  },
};
