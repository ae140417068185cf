"""Examples of rows of metrics."""

from __future__ import annotations

EXAMPLES = """
torchmetrics.{AUROC Accuracy AveragePrecision CalibrationError CohenKappa ConfusionMatrix F1Score FBetaScore \
HammingDistance HingeLoss JaccardIndex MatthewsCorrCoef Precision Recall Specificity StatScores}(task="binary")
torchmetrics.{AUROC Accuracy AveragePrecision CalibrationError CohenKappa ConfusionMatrix F1Score FBetaScore \
HammingDistance HingeLoss JaccardIndex MatthewsCorrCoef Precision Recall Specificity StatScores}.{__call__ \
forward} = \
torchmetrics.{AUROC Accuracy AveragePrecision CalibrationError CohenKappa ConfusionMatrix F1Score FBetaScore \
HammingDistance HingeLoss JaccardIndex MatthewsCorrCoef Precision Recall Specificity \
StatScores}(task="binary").{__call__ forward}(t[0].sigmoid(), i % 2)
torchmetrics.ExactMatch(task="multiclass", num_classes=4)
torchmetrics.ExactMatch.{__call__ forward} = \
torchmetrics.ExactMatch(task="multiclass", num_classes=4).{__call__ forward}(i[None], i[None])
torchmetrics.{BLEUScore CHRFScore SacreBLEUScore TranslationEditRate}()
torchmetrics.{BLEUScore CHRFScore SacreBLEUScore TranslationEditRate}.{__call__ forward} = \
torchmetrics.{BLEUScore CHRFScore SacreBLEUScore TranslationEditRate}().{__call__ forward}(["a b"], [["a b"]])
torchmetrics.{CharErrorRate MatchErrorRate WordErrorRate WordInfoLost WordInfoPreserved ExtendedEditDistance}()
torchmetrics.{CharErrorRate MatchErrorRate WordErrorRate WordInfoLost WordInfoPreserved \
ExtendedEditDistance}.{__call__ forward} = \
torchmetrics.{CharErrorRate MatchErrorRate WordErrorRate WordInfoLost WordInfoPreserved \
ExtendedEditDistance}().{__call__ forward}(["a b"], ["a b"])
torchmetrics.{KendallRankCorrCoef SpearmanCorrCoef ConcordanceCorrCoef PearsonCorrCoef}()
torchmetrics.{KendallRankCorrCoef SpearmanCorrCoef ConcordanceCorrCoef PearsonCorrCoef}.{__call__ forward} = \
torchmetrics.{KendallRankCorrCoef SpearmanCorrCoef ConcordanceCorrCoef PearsonCorrCoef}().{__call__ \
forward}(t[0], plain[0])
torchmetrics.{ExplainedVariance LogCoshError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError \
MeanSquaredLogError R2Score RelativeSquaredError ScaleInvariantSignalDistortionRatio \
ScaleInvariantSignalNoiseRatio SignalNoiseRatio SymmetricMeanAbsolutePercentageError TweedieDevianceScore \
WeightedMeanAbsolutePercentageError PeakSignalNoiseRatio}()
torchmetrics.{ExplainedVariance LogCoshError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError \
MeanSquaredLogError R2Score RelativeSquaredError ScaleInvariantSignalDistortionRatio \
ScaleInvariantSignalNoiseRatio SignalNoiseRatio SymmetricMeanAbsolutePercentageError TweedieDevianceScore \
WeightedMeanAbsolutePercentageError PeakSignalNoiseRatio}.{__call__ forward} = \
torchmetrics.{ExplainedVariance LogCoshError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError \
MeanSquaredLogError R2Score RelativeSquaredError ScaleInvariantSignalDistortionRatio \
ScaleInvariantSignalNoiseRatio SignalNoiseRatio SymmetricMeanAbsolutePercentageError TweedieDevianceScore \
WeightedMeanAbsolutePercentageError PeakSignalNoiseRatio}().{__call__ forward}(t[0], plain[0])
torchmetrics.{MaxMetric MeanMetric MinMetric SumMetric RunningMean RunningSum}()
torchmetrics.{MaxMetric MeanMetric MinMetric SumMetric RunningMean RunningSum}.{__call__ forward} = \
torchmetrics.{MaxMetric MeanMetric MinMetric SumMetric RunningMean RunningSum}().{__call__ forward}(t)
torchmetrics.{KLDivergence}()
torchmetrics.{KLDivergence}.{__call__ forward} = \
torchmetrics.{KLDivergence}().{__call__ forward}(t.softmax(1), plain.softmax(1))
torchmetrics.{SignalDistortionRatio}()
torchmetrics.{SignalDistortionRatio}.{__call__ forward} = \
torchmetrics.{SignalDistortionRatio}().{__call__ forward}(torch.rand(1, 1000, requires_grad=True) * 1, \
torch.rand(1, 1000))
torchmetrics.{SpectralAngleMapper StructuralSimilarityIndexMeasure UniversalImageQualityIndex \
RootMeanSquaredErrorUsingSlidingWindow}()
torchmetrics.{SpectralAngleMapper StructuralSimilarityIndexMeasure UniversalImageQualityIndex \
RootMeanSquaredErrorUsingSlidingWindow}.{__call__ forward} = \
torchmetrics.{SpectralAngleMapper StructuralSimilarityIndexMeasure UniversalImageQualityIndex \
RootMeanSquaredErrorUsingSlidingWindow}().{__call__ forward}(pictures, pictures.detach())
torchmetrics.{CramersV PearsonsContingencyCoefficient TheilsU TschuprowsT}(num_classes=4)
torchmetrics.{CramersV PearsonsContingencyCoefficient TheilsU TschuprowsT}.{__call__ forward} = \
torchmetrics.{CramersV PearsonsContingencyCoefficient TheilsU TschuprowsT}(num_classes=4).{__call__ forward}(i, i)
torchmetrics.{Dice}(num_classes=4)
torchmetrics.{Dice}.{__call__ forward} = \
torchmetrics.{Dice}(num_classes=4).{__call__ forward}(t.softmax(1), i)
torchmetrics.text.{EditDistance}()
torchmetrics.text.{EditDistance}.{__call__ forward} = \
torchmetrics.text.{EditDistance}().{__call__ forward}(["a b"], ["a b"])
torchmetrics.clustering.{AdjustedMutualInfoScore AdjustedRandScore CompletenessScore}()
torchmetrics.clustering.{AdjustedMutualInfoScore AdjustedRandScore CompletenessScore}.{__call__ forward} = \
torchmetrics.clustering.{AdjustedMutualInfoScore AdjustedRandScore CompletenessScore}().{__call__ forward}(i, i)
torchmetrics.image.{SpatialCorrelationCoefficient}()
torchmetrics.image.{SpatialCorrelationCoefficient}.{__call__ forward} = \
torchmetrics.image.{SpatialCorrelationCoefficient}().{__call__ forward}(pictures, pictures.detach())
torchmetrics.audio.{SourceAggregatedSignalDistortionRatio}()
torchmetrics.audio.{SourceAggregatedSignalDistortionRatio}.{__call__ forward} = \
torchmetrics.audio.{SourceAggregatedSignalDistortionRatio}().{__call__ forward}(t, plain)
torchmetrics.classification.{BinaryAUROC BinaryAccuracy BinaryAveragePrecision BinaryCalibrationError \
BinaryCohenKappa \
BinaryConfusionMatrix BinaryF1Score BinaryHammingDistance BinaryHingeLoss BinaryJaccardIndex \
BinaryMatthewsCorrCoef BinaryPrecision BinaryRecall BinarySpecificity BinaryStatScores}()
torchmetrics.classification.{BinaryAUROC BinaryAccuracy BinaryAveragePrecision BinaryCalibrationError \
BinaryCohenKappa \
BinaryConfusionMatrix BinaryF1Score BinaryHammingDistance BinaryHingeLoss BinaryJaccardIndex \
BinaryMatthewsCorrCoef BinaryPrecision BinaryRecall BinarySpecificity BinaryStatScores}.{__call__ forward} = \
torchmetrics.classification.{BinaryAUROC BinaryAccuracy BinaryAveragePrecision BinaryCalibrationError \
BinaryCohenKappa \
BinaryConfusionMatrix BinaryF1Score BinaryHammingDistance BinaryHingeLoss BinaryJaccardIndex \
BinaryMatthewsCorrCoef BinaryPrecision BinaryRecall BinarySpecificity BinaryStatScores}().{__call__ \
forward}(t[0].sigmoid(), i % 2)
torchmetrics.classification.{BinaryFBetaScore}(0.5)
torchmetrics.classification.{BinaryFBetaScore}.{__call__ forward} = \
torchmetrics.classification.{BinaryFBetaScore}(0.5).{__call__ forward}(t[0].sigmoid(), i % 2)
torchmetrics.classification.{MulticlassAUROC MulticlassAccuracy MulticlassAveragePrecision \
MulticlassCalibrationError \
MulticlassCohenKappa MulticlassConfusionMatrix MulticlassExactMatch MulticlassF1Score \
MulticlassHammingDistance MulticlassHingeLoss MulticlassJaccardIndex MulticlassMatthewsCorrCoef \
MulticlassPrecision MulticlassRecall MulticlassSpecificity MulticlassStatScores}(num_classes=4)
torchmetrics.classification.{MulticlassAUROC MulticlassAccuracy MulticlassAveragePrecision \
MulticlassCalibrationError \
MulticlassCohenKappa MulticlassConfusionMatrix MulticlassExactMatch MulticlassF1Score \
MulticlassHammingDistance MulticlassHingeLoss MulticlassJaccardIndex MulticlassMatthewsCorrCoef \
MulticlassPrecision MulticlassRecall MulticlassSpecificity MulticlassStatScores}.{__call__ forward} = \
torchmetrics.classification.{MulticlassAUROC MulticlassAccuracy MulticlassAveragePrecision \
MulticlassCalibrationError \
MulticlassCohenKappa MulticlassConfusionMatrix MulticlassExactMatch MulticlassF1Score \
MulticlassHammingDistance MulticlassHingeLoss MulticlassJaccardIndex MulticlassMatthewsCorrCoef \
MulticlassPrecision MulticlassRecall MulticlassSpecificity MulticlassStatScores}(num_classes=4).{__call__ \
forward}(t.softmax(1), i)
torchmetrics.classification.{MulticlassFBetaScore}(0.5, num_classes=4)
torchmetrics.classification.{MulticlassFBetaScore}.{__call__ forward} = \
torchmetrics.classification.{MulticlassFBetaScore}(0.5, num_classes=4).{__call__ forward}(t.softmax(1), i)
torchmetrics.classification.{MultilabelAUROC MultilabelAccuracy MultilabelAveragePrecision MultilabelConfusionMatrix \
MultilabelCoverageError MultilabelExactMatch MultilabelF1Score MultilabelHammingDistance \
MultilabelJaccardIndex MultilabelMatthewsCorrCoef MultilabelPrecision MultilabelRankingAveragePrecision \
MultilabelRankingLoss MultilabelRecall MultilabelSpecificity MultilabelStatScores}(num_labels=4)
torchmetrics.classification.{MultilabelAUROC MultilabelAccuracy MultilabelAveragePrecision MultilabelConfusionMatrix \
MultilabelCoverageError MultilabelExactMatch MultilabelF1Score MultilabelHammingDistance \
MultilabelJaccardIndex MultilabelMatthewsCorrCoef MultilabelPrecision MultilabelRankingAveragePrecision \
MultilabelRankingLoss MultilabelRecall MultilabelSpecificity MultilabelStatScores}.{__call__ forward} = \
torchmetrics.classification.{MultilabelAUROC MultilabelAccuracy MultilabelAveragePrecision MultilabelConfusionMatrix \
MultilabelCoverageError MultilabelExactMatch MultilabelF1Score MultilabelHammingDistance \
MultilabelJaccardIndex MultilabelMatthewsCorrCoef MultilabelPrecision MultilabelRankingAveragePrecision \
MultilabelRankingLoss MultilabelRecall MultilabelSpecificity MultilabelStatScores}(num_labels=4).{__call__ \
forward}(t.sigmoid(), (plain > 0.5).long())
torchmetrics.classification.{MultilabelFBetaScore}(0.5, num_labels=4)
torchmetrics.classification.{MultilabelFBetaScore}.{__call__ forward} = \
torchmetrics.classification.{MultilabelFBetaScore}(0.5, num_labels=4).{__call__ forward}(t.sigmoid(), (plain > \
0.5).long())
torchmetrics.MeanSquaredError.{compute reset} = torchmetrics.MeanSquaredError().{compute reset}()
torchmetrics.MeanSquaredError.update = torchmetrics.MeanSquaredError().update(t, plain)
torchmetrics.classification.BinaryAccuracy.compute = torchmetrics.classification.BinaryAccuracy().compute()

ignite.metrics.{Accuracy MeanSquaredError MeanAbsoluteError RootMeanSquaredError Precision Recall Average}()
ignite.metrics.GeometricAverage()
ignite.metrics.Loss(torch.nn.functional.mse_loss)
ignite.metrics.{PSNR SSIM}(1.0)
ignite.metrics.TopKCategoricalAccuracy(2)
ignite.metrics.ConfusionMatrix(3)
ignite.metrics.MeanSquaredError.{reset} = ignite.metrics.MeanSquaredError().reset()
ignite.metrics.{MeanSquaredError MeanAbsoluteError RootMeanSquaredError}.compute = \
updated(ignite.metrics.{MeanSquaredError MeanAbsoluteError RootMeanSquaredError}(), (t, plain)).compute()
ignite.metrics.{Accuracy Precision Recall}.compute = \
updated(ignite.metrics.{Accuracy Precision Recall}(), (t.softmax(1), i)).compute()
ignite.metrics.Loss.compute = updated(ignite.metrics.Loss(torch.nn.functional.mse_loss), (t, plain)).compute()
ignite.metrics.{PSNR SSIM}.compute = updated(ignite.metrics.{PSNR SSIM}(1.0), (pictures, pictures)).compute()
ignite.metrics.TopKCategoricalAccuracy.compute = \
updated(ignite.metrics.TopKCategoricalAccuracy(2), (t.softmax(1), i)).compute()
ignite.metrics.ConfusionMatrix.compute = updated(ignite.metrics.ConfusionMatrix(4), (t.softmax(1), i)).compute()
ignite.metrics.Average.compute = updated(ignite.metrics.Average(), t.sum()).compute()
ignite.engine.Engine(nothing)
ignite.engine.create_supervised_trainer(net, optimizer, torch.nn.functional.mse_loss)
ignite.engine.create_supervised_evaluator(net)
"""
