"""Pass, review or fail: policy, reasons, and the verdict that carries them."""

from playproof.decision.judge import Judge, Judged
from playproof.decision.policy import Rules
from playproof.decision.reasons import MEANINGS, ReasonCode
from playproof.decision.verdict import Anomaly, Calibration, Decision, HostedOpinion, Reason, Verdict

__all__ = ["MEANINGS", "Anomaly", "Calibration", "Decision", "HostedOpinion", "Judge", "Judged", "Reason", "ReasonCode", "Rules", "Verdict"]
